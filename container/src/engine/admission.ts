import { RequestError } from '../errors.js';

/** How much one measured rate weighs in the running estimate. */
const RATE_WEIGHT = 0.2;
const RETRY_MOST_SECONDS = 60;

/** The bounded queue's count: tokens admitted and not yet scored, over all requests. */
export class Admission {
  #tokens = 0;
  /** Tokens a second; unknown until the first batch. */
  #rate: number | undefined;

  /** @param limit tokens that may be admitted at once. */
  constructor(readonly limit: number) {}

  /** Tokens admitted and not yet released. */
  get queued(): number {
    return this.#tokens;
  }

  /**
   * Admits a request of so many tokens; each must be given back with {@link release}.
   * @throws RequestError `too_many_tokens` where it would never fit, `overloaded` where it does not fit now.
   */
  admit(tokens: number): void {
    this.checkSize(tokens);
    if (this.#tokens + tokens > this.limit) throw this.#overloaded(tokens);
    this.#tokens += tokens;
  }

  /**
   * Refuses a request of at least so many tokens that would never fit, before more of it is counted.
   * @throws RequestError `too_many_tokens`.
   */
  checkSize(tokens: number): void {
    if (tokens <= this.limit) return;
    throw new RequestError(
      'too_many_tokens',
      `the request holds at least ${tokens} tokens; at most ${this.limit} are allowed`,
      { given_at_least: tokens, limit: this.limit },
    );
  }

  /** Refuses at once what could not be admitted anyway, before work is spent on it. */
  check(): void {
    if (this.#tokens >= this.limit) throw this.#overloaded(1);
  }

  release(tokens: number): void {
    this.#tokens -= tokens;
  }

  /** Notes how fast a batch was scored, for Retry-After. */
  measured(tokens: number, ms: number): void {
    const rate = (tokens * 1000) / Math.max(ms, 0.1);
    this.#rate = this.#rate === undefined ? rate : this.#rate + RATE_WEIGHT * (rate - this.#rate);
  }

  #overloaded(tokens: number): RequestError {
    const excess = this.#tokens + tokens - this.limit;
    const seconds = this.#rate === undefined ? 1 : Math.ceil(excess / this.#rate);
    return new RequestError(
      'overloaded',
      `the queue holds ${this.#tokens} of ${this.limit} tokens; the request does not fit now`,
      { queued: this.#tokens, limit: this.limit },
      { retryAfter: Math.min(Math.max(seconds, 1), RETRY_MOST_SECONDS) },
    );
  }
}
