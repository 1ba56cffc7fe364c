import { AbortedError } from '../errors/index.js';
import { linkedController, type LinkedController } from './signals.js';

/** Sends a second, identical request where the first is slow. */
export interface HedgeOptions {
  /** Milliseconds without an answer after which it is sent: about the endpoint's 95th percentile. */
  readonly afterMs: number;
}

/**
 * Runs `first` and, unless it has settled after `afterMs`, `second` beside it; the first success wins and the other
 * is aborted. A failure before the second began is final; after that, the other is waited for.
 * @param second may decline by giving undefined
 * @throws the failure of `first`, when neither succeeds
 */
export function hedged<V>(
  afterMs: number,
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<V>,
  second: (signal: AbortSignal) => Promise<V> | undefined,
): Promise<V> {
  return new Promise((resolve, reject) => {
    const running: LinkedController[] = [];
    let pending = 0;
    let firstError!: Error;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      for (const controller of running) {
        controller.unlink();
        controller.abort(new AbortedError('another request of the same call was answered first'));
      }
    };
    const start = (
      isFirst: boolean,
      request: (requestSignal: AbortSignal) => Promise<V> | undefined,
    ): void => {
      const controller = linkedController(signal);
      const answer = request(controller.signal);
      if (answer === undefined) {
        controller.unlink();
        return;
      }
      running.push(controller);
      pending += 1;
      answer.then(
        (value) => finish(() => resolve(value)),
        (error: Error) => {
          pending -= 1;
          if (isFirst) firstError = error;
          if (pending === 0) finish(() => reject(firstError));
        },
      );
    };
    const timer = setTimeout(() => start(false, second), afterMs);
    start(true, first);
  });
}
