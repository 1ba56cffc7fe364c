import { hedged } from '../../../client/src/policy/hedge.js';

const { signal } = new AbortController();
const never = new Promise<never>(() => undefined);
const after = <V>(ms: number, value: V): Promise<V> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));
/** What it comes to, when all its timers have fired. */
const settled = async <V>(answer: Promise<V>): Promise<V> => {
  answer.catch(() => undefined);
  await jest.advanceTimersByTimeAsync(100);
  return answer;
};
const failAfter = (ms: number, message: string): Promise<never> =>
  after(ms, undefined).then(() => Promise.reject(new Error(message)));

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('sends no second request when the first answers in time', async () => {
  const second = jest.fn();
  await expect(hedged(10_000, signal, async () => 'first', second)).resolves.toBe('first');
  expect(second).not.toHaveBeenCalled();
});

it('takes the answer that comes first and aborts the other', async () => {
  let loser: AbortSignal | undefined;
  const answer = hedged(
    5,
    signal,
    (own) => {
      loser = own;
      return never;
    },
    () => after(5, 'second'),
  );
  await expect(settled(answer)).resolves.toBe('second');
  expect(loser!.aborted).toBe(true);
  expect((loser!.reason as Error).message).toContain('answered first');
});

it('fails at once when the first fails before the second began', async () => {
  const second = jest.fn();
  await expect(settled(hedged(10_000, signal, () => failAfter(1, 'first'), second))).rejects.toThrow('first');
  expect(second).not.toHaveBeenCalled();
});

it('waits for the other when one fails, and reports the first when both do', async () => {
  const saved = hedged(
    1,
    signal,
    () => failAfter(20, 'first'),
    () => after(40, 'second'),
  );
  await expect(settled(saved)).resolves.toBe('second');
  const also = hedged(
    1,
    signal,
    () => after(40, 'first'),
    () => failAfter(5, 'second'),
  );
  await expect(settled(also)).resolves.toBe('first');
  const both = hedged(
    1,
    signal,
    () => failAfter(30, 'first'),
    () => failAfter(5, 'second'),
  );
  await expect(settled(both)).rejects.toThrow('first');
});

it('goes on with the first when the second declines', async () => {
  const answer = hedged(
    1,
    signal,
    () => after(20, 'first'),
    () => undefined,
  );
  await expect(settled(answer)).resolves.toBe('first');
});

it('aborts both with their call', async () => {
  const controller = new AbortController();
  const seen: AbortSignal[] = [];
  const wait = (own: AbortSignal): Promise<never> => {
    seen.push(own);
    return new Promise((_, reject) => {
      own.addEventListener('abort', () => reject(own.reason as Error));
    });
  };
  const call = hedged(1, controller.signal, wait, wait);
  await jest.advanceTimersByTimeAsync(1);
  controller.abort(new Error('left'));
  await expect(call).rejects.toThrow('left');
  expect(seen.map((own) => own.aborted)).toEqual([true, true]);
});
