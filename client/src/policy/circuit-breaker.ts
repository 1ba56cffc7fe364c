import { CircuitOpenError } from '../errors/index.js';
import { isBreakage } from './availability.js';

/** When requests are no longer sent because the last ones failed. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit. Default 5. */
  readonly failures?: number;
  /** Milliseconds until one request is let through as a probe. Default 10,000. */
  readonly coolDownMs?: number;
}

export type CircuitState = 'closed' | 'open' | 'half_open';

/**
 * Closed: requests pass. Open, after `failures` breakages in a row: none does. Half-open, after the cool-down: one
 * probe passes, whose outcome closes or opens it again. Failures that a request brought on itself do not count.
 */
export class CircuitBreaker {
  readonly #failures: number;
  readonly #coolDownMs: number;
  readonly #onChange: (state: CircuitState) => void;
  #state: CircuitState = 'closed';
  #inARow = 0;
  #openedAt = 0;
  #last: unknown;

  constructor(options: Required<CircuitBreakerOptions>, onChange: (state: CircuitState) => void) {
    this.#failures = options.failures;
    this.#coolDownMs = options.coolDownMs;
    this.#onChange = onChange;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** @throws CircuitOpenError while no request would be let through, so that none need wait to learn it. */
  check(): void {
    if (this.#state === 'closed') return;
    const waitMs = this.#openedAt + this.#coolDownMs - performance.now();
    if (this.#state === 'open' && waitMs <= 0) return;
    const state = this.#state.replace('_', '-');
    const last = this.#last instanceof Error ? ` (the last of them: ${this.#last.message})` : '';
    throw new CircuitOpenError(
      `not sent: the last ${this.#failures} requests failed${last}, and the circuit breaker is ${state}`,
      { retryAfterMs: Math.max(waitMs, 0), cause: this.#last },
    );
  }

  /** @throws CircuitOpenError, without running the request, while the circuit is open. */
  async run<V>(request: () => Promise<V>): Promise<V> {
    const probe = this.#admit();
    try {
      const value = await request();
      this.#inARow = 0;
      this.#become('closed');
      return value;
    } catch (error) {
      if (isBreakage(error)) this.#failed(probe, error);
      // Refused, but answered: the endpoint is there.
      else if (probe) this.#settleProbe(error);
      throw error;
    }
  }

  #admit(): boolean {
    this.check();
    if (this.#state === 'closed') return false;
    this.#become('half_open');
    return true;
  }

  #failed(probe: boolean, error: unknown): void {
    this.#last = error;
    this.#inARow += 1;
    if (!probe && this.#inARow < this.#failures) return;
    this.#openedAt = performance.now();
    this.#become('open');
  }

  #settleProbe(error: unknown): void {
    // A probe that its caller gave up on proved nothing: the next request is the probe.
    if ((error as { readonly code?: unknown }).code === 'aborted') this.#become('open');
    else {
      this.#inARow = 0;
      this.#become('closed');
    }
  }

  #become(state: CircuitState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onChange(state);
  }
}
