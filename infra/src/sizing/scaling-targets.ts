import type { Place } from '@sagemaker-reranker/cost';
import type { ModelFigures } from '@sagemaker-reranker/models';
import { bound, DOCUMENTS_PER_REQUEST, throughput, TOKENS_PER_PAIR } from './sizing.js';

/** Tokens of a request of the mix that throughput is measured on. */
export const TOKENS_PER_REQUEST = DOCUMENTS_PER_REQUEST * TOKENS_PER_PAIR;
/** Share of the throughput that is planned with; the rest absorbs bursts while new capacity starts. */
const PLANNED_SHARE = 0.7;
/** Seconds a request may take in the mean under the planned load. */
const TARGET_SECONDS = 2;

/** Requests a second at the peak that the default greatest count holds. */
export const PEAK_REQUESTS_PER_SECOND = 1;

/** Values to hold by scaling, for one instance or copy. */
export interface ScalingTargets {
  /** Requests in flight: by Little's law the planned requests a second times the seconds each may take. */
  readonly concurrency: number;
  /** Invocations a minute. */
  readonly invocationsPerMinute: number;
}

/** What a place is asked for, and how much of it there is. */
export interface Load {
  /**
   * Part of the place that a copy has.
   * @default all of it
   */
  readonly share?: number;
  /**
   * Tokens of a request.
   * @default those of the mix that throughput is measured on
   */
  readonly tokensPerRequest?: number;
}

/**
 * Targets that follow from a variant's throughput. Where that is estimated, from the low end of the interval: capacity that
 * comes too early costs little, capacity that comes too late costs answers.
 */
export function scalingTargets(
  model: ModelFigures,
  place: Place,
  { share = 1, tokensPerRequest = TOKENS_PER_REQUEST }: Load = {},
): ScalingTargets {
  const tokensPerSecond = share * bound(throughput(model, place), 'low');
  const requestsPerSecond = (PLANNED_SHARE * tokensPerSecond) / tokensPerRequest;
  return {
    concurrency: atLeastOne(requestsPerSecond * TARGET_SECONDS),
    invocationsPerMinute: atLeastOne(requestsPerSecond * 60),
  };
}

/**
 * Instances, or copies, that hold the peak at the planned share of their throughput; two at least, so that one may fail.
 */
export function greatestCount(
  model: ModelFigures,
  place: Place,
  { share = 1, tokensPerRequest = TOKENS_PER_REQUEST }: Load = {},
): number {
  const tokensPerSecond = PLANNED_SHARE * share * bound(throughput(model, place), 'low');
  return Math.max(2, Math.ceil((PEAK_REQUESTS_PER_SECOND * tokensPerRequest) / tokensPerSecond));
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.floor(value));
}
