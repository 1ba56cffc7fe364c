import { RerankerError } from '../errors/index.js';
import { isWakingUp } from './availability.js';
import { fullJitter, sleep, type Backoff } from './backoff.js';

/** When a failed request is sent again. Scoring changes nothing at the endpoint, so any request may be. */
export interface RetryOptions {
  /** Sendings of one request at most, the first included; 1 for no retries. Default 4. */
  readonly maxAttempts?: number;
  /** Upper bound of the first delay, milliseconds; it doubles with each retry. Default 100. */
  readonly baseDelayMs?: number;
  /** Upper bound of any delay, milliseconds, but for one the service asks for. Default 5,000. */
  readonly maxDelayMs?: number;
  /**
   * Milliseconds that a request may go on being tried while the endpoint wakes up (scaled to zero, serverless cold
   * start, multi-model load); these tries do not count as attempts. Default 300,000, within the call's deadline.
   */
  readonly wakeUpMs?: number;
}

export type RetryPolicy = Required<RetryOptions>;

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 4,
  baseDelayMs: 100,
  maxDelayMs: 5_000,
  wakeUpMs: 300_000,
};

// Waking takes seconds to minutes: asking more often helps nobody.
const WAKE_UP_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 15_000 };

/** One retry about to be waited for. */
export interface Retry {
  /** The number of the attempt to come, from 2. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: RerankerError;
}

interface RetryContext {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Milliseconds left to the deadline of the call; `Infinity` without one. */
  readonly remainingMs: () => number;
  readonly onRetry?: (retry: Retry) => void;
}

/**
 * Runs a request until it succeeds, fails in a way that will not pass, or has used up its attempts or its time.
 * @throws the last failure: also where the next delay would outlast the deadline, so that the caller learns the cause.
 */
export async function withRetries<V>(
  { policy, signal, remainingMs, onRetry }: RetryContext,
  run: (attempt: number) => Promise<V>,
): Promise<V> {
  const backoff: Backoff = { baseMs: policy.baseDelayMs, maxMs: policy.maxDelayMs };
  let failures = 0;
  let wakeUps = 0;
  let wakingSince: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(attempt);
    } catch (error) {
      if (signal.aborted || !RerankerError.isInstance(error) || !isRetried(error)) throw error;
      let delayMs: number;
      if (isWakingUp(error)) {
        wakingSince ??= performance.now();
        delayMs = delayAfter(error, fullJitter(wakeUps, WAKE_UP_BACKOFF));
        wakeUps += 1;
        if (performance.now() + delayMs - wakingSince >= policy.wakeUpMs) throw error;
      } else {
        failures += 1;
        if (failures >= policy.maxAttempts) throw error;
        delayMs = delayAfter(error, fullJitter(failures - 1, backoff));
      }
      if (delayMs >= remainingMs()) throw error;
      onRetry?.({ attempt: attempt + 1, delayMs, error });
      await sleep(delayMs, signal);
    }
  }
}

/** The service's own word is the least; jitter on top keeps its callers from coming back all at once. */
function delayAfter(error: RerankerError, jitterMs: number): number {
  return (error.retryAfterMs ?? 0) + jitterMs;
}

/** A timeout has used up the time, and an open circuit stays open for longer than a retry should wait. */
function isRetried(error: RerankerError): boolean {
  return error.retryable && error.code !== 'timeout' && error.code !== 'circuit_open';
}
