import { AbortedError, TimeoutError, ValidationError } from '../errors/index.js';
import { manyListeners, untilAborted } from './signals.js';

/** setTimeout fires at once for anything longer. */
export const MAX_DEADLINE_MS = 2 ** 31 - 1;

/** When to give up a call. */
export interface Limits {
  readonly signal?: AbortSignal;
  /** Milliseconds from now; `Infinity` for no deadline. A deadline already past fails the call at once. */
  readonly deadlineMs: number;
}

/** A deadline that runs. */
export interface Deadline {
  /** Fires at the deadline with a TimeoutError, or when the caller aborts with an AbortedError. */
  readonly signal: AbortSignal;
  /** Milliseconds left; `Infinity` without a deadline. */
  remainingMs(): number;
  /** Stops the clock and listens to the caller no more. */
  end(): void;
}

/**
 * Starts the clock of a call.
 * @throws TimeoutError, AbortedError when it is over before it began; ValidationError when `deadlineMs` is none.
 */
export function startDeadline({ signal, deadlineMs }: Limits): Deadline {
  checkDeadline(deadlineMs);
  if (signal?.aborted) throw abortedBy(signal);
  if (deadlineMs <= 0) throw new TimeoutError('the deadline passed before the call began');

  const controller = manyListeners(new AbortController());
  const endsAt = performance.now() + deadlineMs;
  let timer: NodeJS.Timeout | undefined;
  if (deadlineMs !== Infinity) {
    const message = `no answer within the deadline of ${deadlineMs} ms`;
    timer = setTimeout(() => controller.abort(new TimeoutError(message)), deadlineMs);
  }
  const onAbort = (): void => controller.abort(signal && abortedBy(signal));
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Runs a call and settles no later than its deadline or abort, whether or not the call heeds its signal.
 * @throws TimeoutError after `deadlineMs`, or when the caller's signal is a timeout's.
 * @throws AbortedError when the caller's signal fires for any other reason.
 */
export async function withDeadline<V>(limits: Limits, call: (deadline: Deadline) => Promise<V>): Promise<V> {
  const deadline = startDeadline(limits);
  try {
    return await untilAborted(deadline.signal, () => call(deadline));
  } finally {
    deadline.end();
  }
}

/** Whether it is a number of milliseconds that a timer can take, or `Infinity`. */
export function isDeadline(deadlineMs: unknown): boolean {
  return typeof deadlineMs === 'number' && (deadlineMs <= MAX_DEADLINE_MS || deadlineMs === Infinity);
}

function checkDeadline(deadlineMs: number): void {
  if (isDeadline(deadlineMs)) return;
  const message = `must be milliseconds, at most ${MAX_DEADLINE_MS}, or Infinity; not ${String(deadlineMs)}`;
  throw new ValidationError(`deadlineMs ${message}`, [{ path: 'deadlineMs', message }]);
}

function abortedBy(signal: AbortSignal): TimeoutError | AbortedError {
  const cause: unknown = signal.reason;
  return (cause as Partial<Error> | null)?.name === 'TimeoutError'
    ? new TimeoutError('the timeout of the AbortSignal passed', { cause })
    : new AbortedError('the call was aborted by its AbortSignal', { cause });
}
