import type { Clock } from '../../../../cost/src/measure/clock.js';
import type { Target } from '../../../../cost/src/measure/target.js';
import type { Query } from '../../../../cost/src/measure/traffic.js';

/** A target that answers one request after the other, in their order, each in `serviceMs`. */
export class SingleServer implements Target {
  /** Times at which requests came. */
  readonly sentAt: number[] = [];
  most = 0;
  private inside = 0;
  private freeAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly serviceMs: (query: Query) => number,
  ) {}

  async send(query: Query, signal: AbortSignal): Promise<number> {
    const now = this.clock.now();
    this.sentAt.push(now);
    this.inside += 1;
    this.most = Math.max(this.most, this.inside);
    this.freeAt = Math.max(now, this.freeAt) + this.serviceMs(query);
    await this.clock.sleep(this.freeAt - now, signal);
    this.inside -= 1;
    return query.tokens;
  }

  wake(query: Query, signal: AbortSignal): Promise<number> {
    return this.send(query, signal);
  }

  close(): void {
    // Holds nothing.
  }
}

export function queryOf(tokens: number): Query {
  return { query: 'q', documents: ['a', 'b'], tokens };
}
