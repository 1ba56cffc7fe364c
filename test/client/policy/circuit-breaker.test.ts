import {
  AbortedError,
  CircuitOpenError,
  ModelError,
  NetworkError,
  ThrottledError,
  UnavailableError,
  ValidationError,
} from '@sagemaker-reranker/client';
import { CircuitBreaker } from '../../../client/src/policy/circuit-breaker.js';

let states: string[];
let breaker: CircuitBreaker;
beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  states = [];
  breaker = new CircuitBreaker({ failures: 3, coolDownMs: 1_000 }, (state) => states.push(state));
});
afterEach(() => jest.useRealTimers());

const failing = (error: Error): Promise<unknown> =>
  breaker.run(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
const down = new NetworkError('refused');

it('opens after failures in a row only', async () => {
  await failing(down);
  await failing(down);
  await breaker.run(async () => 1);
  await failing(down);
  await failing(down);
  expect(breaker.state).toBe('closed');
  await failing(down);
  expect(breaker.state).toBe('open');

  let called = false;
  const refused = breaker.run(async () => (called = true));
  await expect(refused).rejects.toBeInstanceOf(CircuitOpenError);
  await expect(refused).rejects.toMatchObject({
    code: 'circuit_open',
    retryAfterMs: 1_000,
    message: expect.stringContaining('(the last of them: refused)') as string,
    cause: down,
  });
  expect(called).toBe(false);
});

it.each([
  [new ThrottledError('slow')],
  [new UnavailableError('model_not_ready', 'loading')],
  [new UnavailableError('no_capacity', 'waking')],
  [new ModelError('full', { statusCode: 429 })],
  [new ModelError('bad', { statusCode: 422 })],
  [new ValidationError('bad')],
  [new AbortedError('left')],
  [new Error('other')],
])('does not count %s', async (error) => {
  for (let i = 0; i < 5; i += 1) expect(await failing(error)).toBe(error);
  expect(breaker.state).toBe('closed');
});

it.each([
  [new UnavailableError('service_unavailable', '503')],
  [new UnavailableError('internal_failure', '500')],
  [new ModelError('gone', { statusCode: 0 })],
  [new ModelError('crashed', { statusCode: 500 })],
])('counts %s', async (error) => {
  for (let i = 0; i < 3; i += 1) await failing(error);
  expect(breaker.state).toBe('open');
});

describe('after the cool-down', () => {
  beforeEach(async () => {
    for (let i = 0; i < 3; i += 1) await failing(down);
    jest.advanceTimersByTime(1_000);
  });

  it('lets one probe through, whose success closes the circuit', async () => {
    let answer: (value: number) => void = () => undefined;
    const probe = breaker.run(() => new Promise<number>((resolve) => (answer = resolve)));
    await expect(breaker.run(async () => 1)).rejects.toBeInstanceOf(CircuitOpenError);
    answer(7);
    await expect(probe).resolves.toBe(7);
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  it('opens again for as long when the probe fails', async () => {
    expect(await failing(down)).toBe(down);
    jest.advanceTimersByTime(999);
    expect(await failing(down)).toBeInstanceOf(CircuitOpenError);
    jest.advanceTimersByTime(1);
    await breaker.run(async () => 1);
    expect(breaker.state).toBe('closed');
  });

  it('closes when the probe is refused for what it is, and not when its caller left', async () => {
    await failing(new AbortedError('left'));
    expect(breaker.state).toBe('open');
    await failing(new ValidationError('bad'));
    expect(breaker.state).toBe('closed');
  });
});
