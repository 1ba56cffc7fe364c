import type { InstanceType } from './instance-types';
import { tokensPerSecond, type ModelFigures } from './sizing';

/** Tokens of a request of 100 passages, p50 44 and p90 149 tokens, the mix that throughput was measured on. */
export const TOKENS_PER_REQUEST = 8_000;
/** Share of the throughput that is planned with; the rest absorbs bursts while new capacity starts. */
const PLANNED_SHARE = 0.7;
/** Seconds a request may take in the mean under the planned load. */
const TARGET_SECONDS = 2;

/** Values to hold by scaling, for one instance or copy with these vCPUs. */
export interface ScalingTargets {
  /** Requests in flight: by Little's law the planned requests a second times the seconds each may take. */
  readonly concurrency: number;
  /** Invocations a minute. */
  readonly invocationsPerMinute: number;
}

/** Targets that follow from a variant's throughput. */
export function scalingTargets(
  model: ModelFigures,
  capacity: Pick<InstanceType, 'vcpus'>,
  tokensPerRequest = TOKENS_PER_REQUEST,
): ScalingTargets {
  const requestsPerSecond = (PLANNED_SHARE * tokensPerSecond(model, capacity.vcpus)) / tokensPerRequest;
  return {
    concurrency: atLeastOne(requestsPerSecond * TARGET_SECONDS),
    invocationsPerMinute: atLeastOne(requestsPerSecond * 60),
  };
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.floor(value));
}
