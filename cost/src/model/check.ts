import { arrivalsWithin } from '../measure/arrivals.js';
import type { Measurement, OpenStep } from '../types.js';
import { simulateArrivals } from './simulation.js';
import { predictedOn } from './throughput.js';
import { drawFrom, fitTiming, pairsOf, perSecond, type Residual } from './timing.js';

/** Simulated against measured p95 of a step with open-loop arrivals. */
export interface LatencyCheck {
  readonly measurement: string;
  readonly documentsPerQuery: number;
  /** 0..1 */
  readonly utilisation: number;
  readonly requests: number;
  readonly measuredP95Ms: number;
  readonly predictedP95Ms: number;
  /** predicted ÷ measured - 1 */
  readonly error: number;
}

/** The fixed times and the time of a token that are fitted to a measurement's closed steps, with what is left over. */
export interface FitCheck {
  readonly measurement: string;
  readonly requestMs: number;
  readonly batchMs: number;
  readonly pairMs: number;
  /** Of 1,000 tokens in rows of the mean length. */
  readonly per1kTokensMs: number;
  readonly residuals: readonly (Residual & { readonly error: number })[];
}

/** A machine's throughput as estimated from measurements of other processors alone. */
export interface ProcessorCheck {
  readonly measurement: string;
  readonly from: string;
  readonly measuredTokensPerSecond: number;
  readonly estimated: { readonly value: number; readonly low: number; readonly high: number };
  /** estimated ÷ measured - 1 */
  readonly error: number;
  readonly within: boolean;
}

/** Steps closer to saturation are not compared: their length decides what is measured, not the load. */
const GREATEST_UTILISATION = 0.9;
/** Other processes took more of the processors than this: what was measured is their work, too. */
const MOST_ELSEWHERE = 0.1;
/** Fewer requests than this give no p95. */
const FEWEST_REQUESTS = 40;
/** Lengths are drawn anew so many times: those of the measured texts are known as a mix only. */
const DRAWS = 5;

/** Holds the model against every measurement: latency at a load, throughput by size of query, one processor by another. */
export function checkModel(measurements: readonly Measurement[]): {
  readonly latency: LatencyCheck[];
  readonly fits: FitCheck[];
  readonly processors: ProcessorCheck[];
} {
  return {
    latency: measurements.flatMap((m) => latencyChecks(m, measurements)),
    fits: measurements.filter(({ sizes }) => sizes !== undefined).map((m) => fitCheck(m, measurements)),
    processors: measurements.flatMap((m) => processorChecks(m, measurements)),
  };
}

const nameOf = ({ model, machine }: Measurement): string =>
  `${model.name} ${model.precision} on ${machine.name}`;

function latencyChecks(m: Measurement, all: readonly Measurement[]): LatencyCheck[] {
  return m.open.flatMap((step, i) => {
    const { utilisation, requests, failed, p95Ms, elsewhere = 0 } = step;
    if (utilisation > GREATEST_UTILISATION || requests < FEWEST_REQUESTS || failed > 0) return [];
    if (elsewhere > MOST_ELSEWHERE) return [];
    const predicted = predictedP95Ms(m, step, i, all);
    return [
      {
        measurement: nameOf(m),
        documentsPerQuery: m.traffic.documentsPerQuery,
        utilisation,
        requests,
        measuredP95Ms: p95Ms,
        predictedP95Ms: predicted,
        error: predicted / p95Ms - 1,
      },
    ];
  });
}

/** The step again, request by request: the arrivals that it had, by their seed, through the simulated engine. */
function predictedP95Ms(m: Measurement, step: OpenStep, index: number, all: readonly Measurement[]): number {
  const { timing } = fitTiming(m, all);
  const pairs = pairsOf(m);
  const { requests, offeredPerSecond } = step;
  const seconds = requests / offeredPerSecond;
  const { seed } = m.traffic;
  const arrivals = arrivalsWithin({ requests, seconds, seed: seed + index + 1 }).map((ms) => ms / 1000);
  const draws = Array.from({ length: DRAWS }, (_, draw) => {
    const { latencies } = simulateArrivals({ timing, servers: 1 }, arrivals, drawFrom(pairs, seed + draw));
    return percentile95(latencies);
  });
  return 1000 * draws.sort((a, b) => a - b)[DRAWS >> 1]!;
}

function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1]!;
}

function fitCheck(m: Measurement, all: readonly Measurement[]): FitCheck {
  const { timing, tokenSeconds, residuals } = fitTiming(m, all);
  return {
    measurement: nameOf(m),
    requestMs: 1000 * timing.request,
    batchMs: 1000 * timing.batch,
    pairMs: 1000 * timing.pair,
    per1kTokensMs: 1e6 * tokenSeconds,
    residuals: residuals().map((each) => ({
      ...each,
      error: each.fittedPerSecond / each.measuredPerSecond - 1,
    })),
  };
}

/** Queries a second of a measured machine with so many in flight, by the fit to its measurement. */
export function predictQueriesPerSecond(m: Measurement, documents: number, concurrency: number): number {
  return perSecond(fitTiming(m, []).timing, pairsOf(m, documents), concurrency);
}

/** The measurement by those of other processors, of the same model where there are such. */
function processorChecks(m: Measurement, all: readonly Measurement[]): ProcessorCheck[] {
  const others = all.filter(({ machine }) => machine.processor !== m.machine.processor);
  if (others.length === 0) return [];
  const from = [...new Set(others.map(({ machine }) => machine.name))].join(', ');
  const measured = m.saturation.tokensPerSecond;
  const estimated = predictedOn(m, others);
  return [
    {
      measurement: nameOf(m),
      from,
      measuredTokensPerSecond: measured,
      estimated,
      error: estimated.value / measured - 1,
      within: estimated.low <= measured && measured <= estimated.high,
    },
  ];
}
