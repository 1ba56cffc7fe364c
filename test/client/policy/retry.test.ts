import fc from 'fast-check';
import {
  AccessDeniedError,
  ModelError,
  NetworkError,
  type RerankerError,
  ThrottledError,
  TimeoutError,
  UnavailableError,
} from '@sagemaker-reranker/client';
import { fullJitter } from '../../../client/src/policy/backoff.js';
import {
  DEFAULT_RETRY,
  withRetries,
  type Retry,
  type RetryPolicy,
} from '../../../client/src/policy/retry.js';

const quick: RetryPolicy = { maxAttempts: 4, baseDelayMs: 1, maxDelayMs: 2, wakeUpMs: 50 };

/** Runs with the failures in turn and then success; gives the outcome, the attempts and the delays. */
async function run(errors: Error[], policy: Partial<RetryPolicy> = {}, remaining = Infinity) {
  const { signal } = new AbortController();
  const retries: Retry[] = [];
  let attempts = 0;
  const outcome = await withRetries(
    {
      policy: { ...quick, ...policy },
      signal,
      remainingMs: () => remaining,
      onRetry: (r) => retries.push(r),
    },
    async (attempt) => {
      attempts += 1;
      expect(attempt).toBe(attempts);
      const error = errors[attempt - 1];
      if (error) throw error;
      return 'ok' as const;
    },
  ).catch((error: unknown) => error);
  return { outcome, attempts, retries };
}

const throttled = new ThrottledError('slow');

it('draws delays from nothing to the doubling bound', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 9_000 }),
      (n, baseMs, maxMs) => {
        const delay = fullJitter(n, { baseMs, maxMs });
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(maxMs, baseMs * 2 ** n));
      },
    ),
  );
  const drawn = Array.from({ length: 200 }, () => fullJitter(3, { baseMs: 100, maxMs: 5_000 }));
  expect(Math.max(...drawn)).toBeGreaterThan(500);
  expect(Math.min(...drawn)).toBeLessThan(300);
});

it.each<[string, RerankerError]>([
  ['throttling', throttled],
  ['503', new UnavailableError('service_unavailable', 'm')],
  ['a broken connection', new NetworkError('m')],
  ['a full container', new ModelError('m', { statusCode: 429 })],
  ['a container not ready', new ModelError('m', { statusCode: 503 })],
])('tries again after %s, so often as allowed', async (_, error) => {
  expect(await run([error, error, error])).toMatchObject({ outcome: 'ok', attempts: 4 });
  expect(await run([error, error, error, error])).toMatchObject({ outcome: error, attempts: 4 });
  expect(await run([error], { maxAttempts: 1 })).toMatchObject({ outcome: error, attempts: 1 });
});

it.each<[string, Error]>([
  ['a refusal', new AccessDeniedError('m')],
  ["a container's own failure", new ModelError('m', { statusCode: 500 })],
  ['a request the container refused', new ModelError('m', { statusCode: 422 })],
  ['a timeout', new TimeoutError('m')],
  ['what is no error of ours', new Error('m')],
])('does not try again after %s', async (_, error) => {
  expect(await run([error])).toMatchObject({ outcome: error, attempts: 1 });
});

it('waits at least as long as the service asks', async () => {
  const error = new ThrottledError('slow', { retryAfterMs: 30 });
  const { retries } = await run([error]);
  expect(retries[0]!.delayMs).toBeGreaterThanOrEqual(30);
  const full = new ModelError('m', {
    statusCode: 429,
    message: '{"error":{"code":"overloaded","message":"full","details":{"retry_after":0.02}}}',
  });
  expect((await run([full])).retries[0]!.delayMs).toBeGreaterThanOrEqual(20);
});

it('gives the failure itself when the next try would come after the deadline', async () => {
  const error = new ThrottledError('slow', { retryAfterMs: 500 });
  expect(await run([error], {}, 400)).toMatchObject({ outcome: error, attempts: 1, retries: [] });
});

it('waits for an endpoint that wakes up beyond its attempts, within its budget', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.001);
  const waking = new UnavailableError('no_capacity', 'm');
  const loading = new UnavailableError('model_not_ready', 'm');
  const errors = [waking, loading, waking, waking, loading, waking];
  expect(await run(errors, { wakeUpMs: 10_000 })).toMatchObject({ outcome: 'ok', attempts: 7 });
  expect(await run(errors, { wakeUpMs: 0 })).toMatchObject({ outcome: waking, attempts: 1 });
  random.mockRestore();
  expect(DEFAULT_RETRY.wakeUpMs).toBe(300_000);
});

it('stops waiting when the call is aborted', async () => {
  const controller = new AbortController();
  const call = withRetries(
    {
      policy: { ...quick, baseDelayMs: 1e6, maxDelayMs: 1e6 },
      signal: controller.signal,
      remainingMs: () => Infinity,
      onRetry: () => controller.abort(new Error('left')),
    },
    () => Promise.reject(throttled),
  );
  await expect(call).rejects.toThrow('left');
});
