import type { Measurement } from '../types.js';
import { latencyQuantile, type Station } from './queueing.js';

/** Predicted against measured p95 of a step with open-loop arrivals. */
export interface QueueingCheck {
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

/** Steps closer to saturation are not compared: their length decides what is measured, not the load. */
const GREATEST_UTILISATION = 0.9;
/** Fewer requests than this give no p95. */
const FEWEST_REQUESTS = 40;

/**
 * The station that a measured container is. A request occupies it for documents ÷ pairs a second at saturation; what
 * it takes longer alone (network, JSON, tokens of the first batch) occupies no server.
 */
export function stationOf(m: Measurement, arrivalsPerSecond: number): Station {
  const occupied = m.traffic.documentsPerQuery / m.saturation.pairsPerSecond;
  const alone = m.alone.meanMs / 1000;
  const serviceSeconds = Math.min(occupied, alone);
  return {
    arrivalsPerSecond,
    serviceSeconds,
    // Of the latency alone, its deviation is the service's: overhead varies little.
    serviceVariation: m.alone.squaredVariation * (alone / serviceSeconds) ** 2,
    servers: 1,
    overheadSeconds: alone - serviceSeconds,
  };
}

/** Holds the queueing formula against every measured step below saturation in which no request failed. */
export function checkQueueing(measurements: readonly Measurement[]): QueueingCheck[] {
  return measurements.flatMap((m) =>
    m.open
      .filter(
        ({ utilisation, requests, failed }) =>
          utilisation <= GREATEST_UTILISATION && requests >= FEWEST_REQUESTS && failed === 0,
      )
      .map((step) => {
        const predicted = 1000 * latencyQuantile(stationOf(m, step.offeredPerSecond), 0.95);
        return {
          measurement: `${m.variant} ${m.precision} on ${m.machine.name}`,
          documentsPerQuery: m.traffic.documentsPerQuery,
          utilisation: step.utilisation,
          requests: step.requests,
          measuredP95Ms: step.p95Ms,
          predictedP95Ms: predicted,
          error: predicted / step.p95Ms - 1,
        };
      }),
  );
}
