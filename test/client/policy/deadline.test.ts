import { AbortedError, TimeoutError, ValidationError } from '@sagemaker-reranker/client';
import { withDeadline, type Deadline } from '../../../client/src/policy/deadline.js';

const never = (): Promise<never> => new Promise(() => undefined);

it('hands on what the call gives, and its failure', async () => {
  await expect(withDeadline({ deadlineMs: 10_000 }, async () => 7)).resolves.toBe(7);
  const failed = withDeadline({ deadlineMs: Infinity }, async () => {
    throw new Error('own');
  });
  await expect(failed).rejects.toThrow('own');
});

it('gives up at the deadline even a call that ignores its signal', async () => {
  await expect(withDeadline({ deadlineMs: 20 }, never)).rejects.toBeInstanceOf(TimeoutError);
});

it('tells the call by its signal, and reports the deadline and not the reaction to it', async () => {
  let reason: unknown;
  const call = ({ signal }: Deadline): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
        reject(new Error('socket destroyed'));
      });
    });
  const error: unknown = await withDeadline({ deadlineMs: 20 }, call).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(reason).toBe(error);
});

it('gives up when the caller aborts, with the reason as cause', async () => {
  const controller = new AbortController();
  const reason = new Error('user left');
  const call = withDeadline({ deadlineMs: 10_000, signal: controller.signal }, never);
  controller.abort(reason);
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AbortedError);
  expect((error as AbortedError).cause).toBe(reason);
});

it('takes AbortSignal.timeout for the timeout it is', async () => {
  const call = withDeadline({ deadlineMs: 10_000, signal: AbortSignal.timeout(20) }, never);
  await expect(call).rejects.toBeInstanceOf(TimeoutError);
});

it.each([
  ['an aborted signal', { deadlineMs: 10_000, signal: AbortSignal.abort() }, AbortedError],
  ['a deadline of now', { deadlineMs: 0 }, TimeoutError],
  ['a deadline in the past', { deadlineMs: -5 }, TimeoutError],
  ['no number', { deadlineMs: NaN }, ValidationError],
  ['more than a timer takes', { deadlineMs: 2 ** 31 }, ValidationError],
])('does not begin the call with %s', async (_, limits, type) => {
  let begun = false;
  const call = withDeadline(limits, async () => {
    begun = true;
  });
  await expect(call).rejects.toBeInstanceOf(type);
  expect(begun).toBe(false);
});

it('leaves no listener behind on a signal that outlives the call', async () => {
  const { signal } = new AbortController();
  const counts = { added: 0, removed: 0 };
  const add = jest.spyOn(signal, 'addEventListener').mockImplementation(() => void (counts.added += 1));
  const remove = jest
    .spyOn(signal, 'removeEventListener')
    .mockImplementation(() => void (counts.removed += 1));
  await withDeadline({ deadlineMs: 10_000, signal }, async () => 1);
  expect(counts).toEqual({ added: 1, removed: 1 });
  expect(remove.mock.calls[0]![1]).toBe(add.mock.calls[0]![1]);
});
