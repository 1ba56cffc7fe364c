import { latencyQuantile, utilisation, type Station } from '../model/queueing.js';
import type { Measurement, Question } from '../types.js';
import { MOST_INSTANCES, PLANNED_UTILISATION } from './assumptions.js';

const { ceil, max } = Math;

/** How latency follows from service time, as measured. */
export interface ServiceShape {
  /** Squared coefficient of variation of the service time of a query. */
  readonly variation: number;
  /** Latency alone ÷ time that a request occupies the server; at least 1. */
  readonly aloneRatio: number;
}

/**
 * Taken from the measurements of the variant and precision, else from all; a constant service where there is none. The
 * time of a query is a sum over its documents, whose lengths are independent: its squared variation goes with 1 / documents.
 */
export function serviceShape(
  { variant, precision, documentsPerQuery }: Pick<Question, 'variant' | 'precision' | 'documentsPerQuery'>,
  measurements: readonly Measurement[],
): ServiceShape {
  const same = measurements.filter((m) => m.variant === variant && m.precision === precision);
  const used = same.length > 0 ? same : measurements;
  const ratio = (m: Measurement): number => {
    const occupied = m.traffic.documentsPerQuery / m.saturation.pairsPerSecond;
    return max(1, m.alone.meanMs / 1000 / occupied);
  };
  return {
    variation:
      (middle(used.map((m) => m.alone.squaredVariation * m.traffic.documentsPerQuery)) ?? 0) /
      documentsPerQuery,
    aloneRatio: middle(used.map(ratio)) ?? 1,
  };
}

/** A number of equal instances behind one endpoint. */
export interface Fleet {
  readonly instances: number;
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
  readonly shape: ServiceShape;
}

/**
 * The fewest instances that meet the target, each a server of one queue: an instance scores a query with all its vCPUs,
 * and least-outstanding routing sends it to one that is free. Where no number meets it, the fewest that keep up.
 * @param tokensPerSecond of one instance
 */
export function smallestFleet(load: Load, tokensPerSecond: number): Fleet {
  const offered = (load.queriesPerSecond * load.tokensPerQuery) / tokensPerSecond;
  const fewest = max(1, ceil(offered / PLANNED_UTILISATION - 1e-9));
  const at = (instances: number): Fleet => fleetOf(load, tokensPerSecond, instances);
  const least = at(fewest);
  if (least.meets || fewest > MOST_INSTANCES)
    return { ...least, meets: least.meets && fewest <= MOST_INSTANCES };
  const most = at(MOST_INSTANCES);
  if (!most.meets) return least;
  // p95 falls with instances, so the first number that meets the target is found by halving.
  let [short, enough] = [fewest, MOST_INSTANCES];
  while (enough - short > 1) {
    const between = (short + enough) >> 1;
    if (at(between).meets) enough = between;
    else short = between;
  }
  return at(enough);
}

/** p95 and utilisation of a number of instances under a load. */
export function fleetOf(load: Load, tokensPerSecond: number, instances: number): Fleet {
  const station = stationOf(load, tokensPerSecond, instances);
  const p95Seconds = latencyQuantile(station, 0.95);
  return {
    instances,
    p95Seconds,
    utilisation: utilisation(station),
    meets: p95Seconds <= load.targetSeconds,
  };
}

/** p95 of a query that finds its instance idle. */
export function aloneP95(load: Load, tokensPerSecond: number): number {
  return latencyQuantile({ ...stationOf(load, tokensPerSecond, 1), arrivalsPerSecond: 0 }, 0.95);
}

function stationOf(load: Load, tokensPerSecond: number, servers: number): Station {
  const serviceSeconds = load.tokensPerQuery / tokensPerSecond;
  const { variation, aloneRatio } = load.shape;
  return {
    arrivalsPerSecond: load.queriesPerSecond,
    serviceSeconds,
    serviceVariation: variation,
    servers,
    overheadSeconds: load.routeSeconds + serviceSeconds * (aloneRatio - 1),
  };
}

function middle(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}
