import { Random } from '@sagemaker-reranker/models';
import { BATCH_TOKENS, simulateArrivals, type Lengths, type Timing } from './simulation.js';
import { aloneSeconds, drawFrom, saturatedPerSecond, type Pairs } from './timing.js';

/** Loads that are simulated, and with how many requests: between them the 95th percentile is interpolated. */
const LOADS = [
  [0.02, 400],
  [0.4, 600],
  [0.6, 800],
  [0.7, 1_200],
  [0.8, 1_600],
  [0.85, 2_000],
  [0.95, 2_000],
] as const;
/** Numbers of instances that are simulated: more share their queue better, so fewer stand for more. */
const SERVERS = [1, 2, 3, 4, 8] as const;
/** Part of the requests that fills the queue and is not counted. */
const WARM_UP = 0.1;
/** Pairs of a simulated query: each stands for as many of a larger one, and the batches hold as many fewer tokens. */
const MOST_PAIRS = 8;
const SEED = 4_711;

/** The latency of one kind of query at a load, by simulation of the engine's planner. */
export class Queue {
  readonly #timing: Timing;
  readonly #pairs: Pairs;
  readonly #batchTokens: number;
  /** Requests a second of one machine at saturation. */
  readonly #saturated: number;
  readonly #lengths: (request: number) => Lengths;
  readonly #known = new Map<string, number>();
  #alone: number | undefined;

  /** @param processes inference processes of a machine */
  constructor(timing: Timing, { documents, mix }: Pairs, processes: number) {
    const each = Math.ceil(documents / MOST_PAIRS);
    // Of every part of the time so much less: only their ratios count.
    this.#timing = {
      ...timing,
      processes,
      request: timing.request / each,
      batch: timing.batch / each,
      latency: timing.latency / each,
    };
    this.#batchTokens = BATCH_TOKENS / each;
    this.#pairs = { documents: Math.round(documents / each), mix, drawn: each };
    this.#saturated = saturatedPerSecond(this.#timing, this.#pairs, this.#batchTokens);
    const draw = drawFrom(this.#pairs, SEED);
    const lengths: Lengths[] = [];
    this.#lengths = (request) => (lengths[request] ??= draw(request));
  }

  /** Mean latency of a query that finds its machine idle, in units of the time that it takes of a saturated one. */
  get alone(): number {
    this.#alone ??= aloneSeconds(this.#timing, this.#pairs, this.#batchTokens) * this.#saturated;
    return this.#alone;
  }

  /**
   * 95th percentile of the latency under Poisson arrivals, in units of the time that a query takes of a saturated machine.
   * @param utilisation offered work ÷ what the machines get through: Infinity from 1 on
   */
  p95(utilisation: number, servers: number): number {
    if (utilisation >= 1) return Infinity;
    const count = SERVERS.findLast((each) => each <= servers) ?? 1;
    const above = LOADS.findIndex(([load]) => load >= utilisation);
    // Past the last load, waiting grows as 1 ÷ what is free.
    const last = LOADS[LOADS.length - 1]!;
    if (above < 0) return (this.#at(last, count) * (1 - last[0])) / (1 - utilisation);
    const upper = this.#at(LOADS[above]!, count);
    const below = LOADS[above - 1];
    if (!below) return upper;
    const lower = Math.min(upper, this.#at(below, count));
    return lower + ((upper - lower) * (utilisation - below[0])) / (LOADS[above]![0] - below[0]);
  }

  #at([load, requests]: readonly [number, number], servers: number): number {
    const key = `${load}/${servers}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const gap = 1 / (load * servers * this.#saturated);
    let time = 0;
    const random = new Random(SEED);
    const arrivals = Array.from({ length: requests }, () => (time -= gap * Math.log(1 - random.next())));
    const machines = { timing: this.#timing, servers, batchTokens: this.#batchTokens };
    const { latencies } = simulateArrivals(machines, arrivals, this.#lengths);
    const counted = Float64Array.from(latencies.slice(WARM_UP * requests)).sort();
    const value = counted[Math.ceil(0.95 * counted.length) - 1]! * this.#saturated;
    this.#known.set(key, value);
    return value;
  }
}
