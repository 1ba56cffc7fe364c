import { Queue } from '../model/queue.js';
import { timingFor } from '../model/throughput.js';
import type { Measurement, Question } from '../types.js';
import { MOST_INSTANCES, PLANNED_UTILISATION } from './assumptions.js';

const { ceil, max } = Math;

const queues = new Map<string, { readonly measurements: readonly Measurement[]; readonly queue: Queue }>();

/** How the question's queries wait for one another, whatever their rate; kept, as many options and loads share it. */
export function queueFor(question: Question, measurements: readonly Measurement[], processes: number): Queue {
  const { model, documentsPerQuery, tokensPerPair, pairTokens } = question;
  const key = JSON.stringify([model, documentsPerQuery, tokensPerPair, pairTokens, processes]);
  const known = queues.get(key);
  if (known?.measurements === measurements) return known.queue;
  const { timing, pairs } = timingFor(question, measurements);
  const queue = new Queue(timing, pairs, processes);
  queues.set(key, { measurements, queue });
  return queue;
}

/** A number of equal instances behind one endpoint. */
export interface Fleet {
  readonly instances: number;
  /** Infinity where they do not keep up. */
  readonly p95Seconds: number;
  readonly utilisation: number;
  /** Whether the p95 is within the target. */
  readonly meets: boolean;
}

/** What a fleet is sized for. */
export interface Load {
  readonly queriesPerSecond: number;
  readonly tokensPerQuery: number;
  readonly targetSeconds: number;
  /** Seconds outside the container. */
  readonly routeSeconds: number;
  readonly queue: Queue;
  /** Instances that are kept. */
  readonly least: number;
  /** Zones that they are spread over; with one lost, the rest meets the target. */
  readonly zones: number;
}

/** @param processes inference processes of each instance */
export function loadOf(
  question: Question,
  routeSeconds: number,
  measurements: readonly Measurement[],
  processes: number,
): Load {
  return {
    queriesPerSecond: question.queriesPerSecond,
    tokensPerQuery: question.documentsPerQuery * question.tokensPerPair,
    targetSeconds: question.p95Ms / 1000,
    routeSeconds,
    queue: queueFor(question, measurements, processes),
    least: question.minInstances ?? 1,
    zones: question.zones ?? 1,
  };
}

/**
 * The fewest instances that meet the target, each with a queue of its own: an instance scores a query with all its vCPUs,
 * and least-outstanding routing sends it to one that has the fewest. Where no number meets it, the fewest that keep up.
 * @param tokensPerSecond of one instance
 */
export function smallestFleet(load: Load, tokensPerSecond: number): Fleet {
  const offered = (load.queriesPerSecond * load.tokensPerQuery) / tokensPerSecond;
  const fewest = max(1, ceil(offered / PLANNED_UTILISATION - 1e-9));
  if (fewest > MOST_INSTANCES)
    return { instances: fewest, p95Seconds: Infinity, utilisation: offered / fewest, meets: false };
  const at = (instances: number): Fleet => fleetOf(load, tokensPerSecond, instances);
  const least = at(fewest);
  if (least.meets) return spare(load, tokensPerSecond, fewest);
  // No number of instances makes a query faster than it is alone.
  if (aloneP95(load, tokensPerSecond) > load.targetSeconds || !at(MOST_INSTANCES).meets) return least;
  // p95 falls with instances, so the first number that meets the target is found by halving.
  let [short, enough] = [fewest, MOST_INSTANCES];
  while (enough - short > 1) {
    const between = (short + enough) >> 1;
    if (at(between).meets) enough = between;
    else short = between;
  }
  return spare(load, tokensPerSecond, enough);
}

/** The needed instances, those that are kept anyway, and those that stand in for a lost zone. */
function spare(load: Load, tokensPerSecond: number, needed: number): Fleet {
  let instances = max(needed, load.least, load.zones);
  if (load.zones > 1) while (instances - ceil(instances / load.zones) < needed) instances += 1;
  return fleetOf(load, tokensPerSecond, instances);
}

/** p95 and utilisation of a number of instances under a load. */
export function fleetOf(load: Load, tokensPerSecond: number, instances: number): Fleet {
  const seconds = load.tokensPerQuery / tokensPerSecond;
  const utilisation = (load.queriesPerSecond * seconds) / instances;
  const p95Seconds = load.routeSeconds + seconds * load.queue.p95(utilisation, instances);
  return { instances, p95Seconds, utilisation, meets: p95Seconds <= load.targetSeconds };
}

/** p95 of a query that finds its instance idle. */
export function aloneP95(load: Load, tokensPerSecond: number): number {
  return load.routeSeconds + (load.tokensPerQuery / tokensPerSecond) * load.queue.p95(0, 1);
}
