import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../../cost/src/measure/clock.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock whose time passes only while everything waits: a simulation of hours takes milliseconds. */
export class VirtualClock implements Clock {
  private time = 0;
  private order = 0;
  private timers: Timer[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.timers.push({ at: this.time + ms, order: (this.order += 1), wake });
    });
  }

  /** Lets time pass until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => void (done = true);
    work.then(end, end);
    for (;;) {
      await turn();
      if (done) return work;
      this.timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.timers.shift();
      if (!next) throw new Error('everything waits and nothing will happen');
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }
}
