import { arrivalsWithin } from '../measure/arrivals.js';
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
] as const;
/** Numbers of instances that are simulated: more share their queue better, so fewer stand for more. */
const SERVERS = [1, 2, 3, 4, 8] as const;
/** Part of the requests that fills the queue and is not counted. */
const WARM_UP = 0.1;
/** Pairs of a simulated query, and for each process of the machine: where it has more, each stands for several. */
const MOST_PAIRS = 16;
const PAIRS_PER_PROCESS = 4;
/** Where queries have more pairs than this, fewer of them are simulated; so many at least, below half the capacity and above. */
const FEW_PAIRS = 8;
const FEWEST_REQUESTS = [100, 300] as const;
/** Queries that are drawn; then they come again. */
const DRAWN = 200;
/**
 * Of the arrivals that are simulated, by their seed: with them M/D/1 has its 95th percentile within an eighth of that of a million, at all these
 * loads and numbers of requests. Another sample of so few is off by a third at 85 %.
 */
const SEED = 360;

/** The latency of one kind of query at a load, by simulation of the engine's planner. */
export class Queue {
  readonly #timing: Timing;
  readonly #pairs: Pairs;
  /** Requests a second of one machine at saturation. */
  readonly #saturated: number;
  readonly #lengths: (request: number) => Lengths;
  readonly #known = new Map<string, number>();
  #alone: number | undefined;

  /** @param processes inference processes of a machine, each with a core */
  constructor(timing: Timing, { documents, mix }: Pairs, processes: number) {
    const each = Math.ceil(documents / Math.max(MOST_PAIRS, PAIRS_PER_PROCESS * processes));
    this.#pairs = { documents: Math.round(documents / each), mix, each };
    // The same work a second on other cores: one of them takes as much longer for what one thread does.
    const slower = processes / timing.cores;
    this.#timing = {
      ...timing,
      processes,
      cores: processes,
      answer: timing.answer * slower,
      answerToken: timing.answerToken * slower,
      pair: timing.pair * each,
      pairLatency: timing.pairLatency * each,
      token: each === 1 ? timing.token : (width) => severalPairs(timing, width, each),
    };
    this.#saturated = saturatedPerSecond(this.#timing, this.#pairs);
    const draw = drawFrom(this.#pairs, SEED);
    const lengths: Lengths[] = [];
    this.#lengths = (request) => (lengths[request % DRAWN] ??= draw(request % DRAWN));
  }

  /** Mean latency of a query that finds its machine idle, in units of the time that it takes of a saturated one. */
  get alone(): number {
    this.#alone ??= aloneSeconds(this.#timing, this.#pairs) * this.#saturated;
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

  #at([load, most]: readonly [number, number], servers: number): number {
    const key = `${load}/${servers}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fewer = Math.round((most * FEW_PAIRS) / this.#pairs.documents);
    const requests = Math.min(most, Math.max(FEWEST_REQUESTS[load < 0.5 ? 0 : 1], fewer));
    const seconds = requests / (load * servers * this.#saturated);
    const arrivals = arrivalsWithin({ requests, seconds, seed: SEED }).map((ms) => ms / 1000);
    const { latencies } = simulateArrivals({ timing: this.#timing, servers }, arrivals, this.#lengths);
    const counted = Float64Array.from(latencies.slice(Math.ceil(WARM_UP * requests))).sort();
    const value = counted[Math.ceil(0.95 * counted.length) - 1]! * this.#saturated;
    this.#known.set(key, value);
    return value;
  }
}

/** Seconds of a token where a pair stands for several: of their width, and with the batches that they would be. */
function severalPairs({ batch, token }: Timing, width: number, each: number): number {
  const batches = Math.max(1, width / BATCH_TOKENS);
  return token(Math.round(width / each)) + (batch * (batches - 1)) / width;
}
