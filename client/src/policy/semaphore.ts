/** Gives a slot back; calls after the first do nothing. */
export type Release = () => void;

/** Hands out a fixed number of slots, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /**
   * Resolves when a slot is had.
   * @throws the signal's reason when it fires while waiting
   */
  async acquire(signal: AbortSignal): Promise<Release> {
    const release = this.tryAcquire();
    if (release) return release;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(grant);
        reject(signal.reason as Error);
      };
      const grant = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(grant);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    return this.#releaser();
  }

  /** A slot if one is free at once. */
  tryAcquire(): Release | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#releaser();
  }

  #releaser(): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = this.#waiting;
      if (next === undefined) {
        this.#free += 1;
        return;
      }
      // The slot goes over without being free in between, so that nobody can overtake.
      this.#waiting.delete(next);
      next();
    };
  }
}
