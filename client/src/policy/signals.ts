import { setMaxListeners } from 'node:events';

/** Takes the warning off a signal that every request of a call listens to. */
export function manyListeners(controller: AbortController): AbortController {
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A controller that also aborts when `parent` does. */
export interface LinkedController {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Takes the listener off a parent that outlives this. */
  unlink(): void;
}

export function linkedController(parent: AbortSignal): LinkedController {
  const controller = manyListeners(new AbortController());
  const onAbort = (): void => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent.removeEventListener('abort', onAbort),
  };
}

/**
 * Runs a task and settles as it does, or with the signal's reason as soon as that fires: also where the task does not
 * heed the signal, and in place of whatever the task makes of it.
 */
export async function untilAborted<V>(signal: AbortSignal, task: () => Promise<V>): Promise<V> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    // Before the task's own listener, so that its reaction comes second and is not reported.
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([aborted, task()]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** The items of `source` until it ends or the signal fires; then its reason is thrown, whatever the source does. */
export async function* abortable<V>(
  signal: AbortSignal,
  source: AsyncIterable<V>,
): AsyncGenerator<V, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await untilAborted(signal, () => iterator.next());
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: a generator that waits for its next item settles this only after that.
    if (!ended) iterator.return?.()?.then(undefined, () => undefined);
  }
}
