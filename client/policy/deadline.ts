import { AbortedError, TimeoutError, ValidationError } from './errors';

// setTimeout fires at once for anything longer.
const MAX_DEADLINE_MS = 2 ** 31 - 1;

/** When to give up a call. */
export interface Limits {
  readonly signal?: AbortSignal;
  /** Milliseconds from now; `Infinity` for no deadline. A deadline already past fails the call at once. */
  readonly deadlineMs: number;
}

/**
 * Runs a call and settles no later than its deadline or abort, whether or not the call heeds its signal.
 * @throws TimeoutError after `deadlineMs`, or when the caller's signal is a timeout's.
 * @throws AbortedError when the caller's signal fires for any other reason.
 */
export async function withDeadline<V>(limits: Limits, call: (signal: AbortSignal) => Promise<V>): Promise<V> {
  const { signal, deadlineMs } = limits;
  checkDeadline(deadlineMs);
  if (signal?.aborted) throw abortedBy(signal);
  if (deadlineMs <= 0) throw new TimeoutError('the deadline passed before the call began');

  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    const giveUp = (error: Error): void => {
      // Rejected first, so that the transport's reaction to its signal comes second and is not reported.
      reject(error);
      controller.abort(error);
    };
    if (deadlineMs !== Infinity) {
      timer = setTimeout(
        () => giveUp(new TimeoutError(`no answer within the deadline of ${deadlineMs} ms`)),
        deadlineMs,
      );
    }
    if (signal) {
      onAbort = () => giveUp(abortedBy(signal));
      signal.addEventListener('abort', onAbort, { once: true });
    }
  });
  try {
    return await Promise.race([givenUp, call(controller.signal)]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

/** @throws ValidationError unless it is a number that a timer can take, or `Infinity`. */
export function checkDeadline(deadlineMs: number): void {
  const allowed =
    typeof deadlineMs === 'number' && (deadlineMs <= MAX_DEADLINE_MS || deadlineMs === Infinity);
  if (allowed) return;
  const message = `must be milliseconds, at most ${MAX_DEADLINE_MS}, or Infinity; not ${String(deadlineMs)}`;
  throw new ValidationError(`deadlineMs ${message}`, [{ path: 'deadlineMs', message }]);
}

function abortedBy(signal: AbortSignal): TimeoutError | AbortedError {
  const cause: unknown = signal.reason;
  return (cause as Partial<Error> | null)?.name === 'TimeoutError'
    ? new TimeoutError('the timeout of the AbortSignal passed', { cause })
    : new AbortedError('the call was aborted by its AbortSignal', { cause });
}
