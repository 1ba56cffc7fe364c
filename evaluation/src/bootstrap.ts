import { Random } from '@sagemaker-reranker/models';
import { EvaluationError } from './errors.js';

/** A percentile interval of a mean difference. */
export interface Interval {
  /** Mean of the differences as measured. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Coverage, 0..1. */
  readonly confidence: number;
}

export interface BootstrapOptions {
  readonly samples?: number;
  readonly confidence?: number;
  readonly seed?: number;
}

/**
 * Paired bootstrap of the mean difference `system - baseline`, query by query: queries are drawn with replacement,
 * and the interval spans the middle of the drawn means. Source: Efron and Tibshirani 1993, percentile interval;
 * Sakai, SIGIR 2006, for retrieval. The same seed gives the same interval.
 * @param baseline and @param system hold one value a query, in the same order.
 */
export function pairedBootstrap(
  baseline: readonly number[],
  system: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  const { samples = 10_000, confidence = 0.95, seed = 1 } = options;
  if (baseline.length !== system.length || baseline.length === 0) {
    throw new EvaluationError(
      'option_invalid',
      `a paired bootstrap needs equally many values, at least one: got ${baseline.length} and ${system.length}`,
    );
  }
  const differences = Float64Array.from(system, (value, i) => value - baseline[i]!);
  const random = new Random(seed);
  const means = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += differences[random.below(differences.length)]!;
    means[sample] = sum / differences.length;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  const at = (share: number): number => means[Math.min(samples - 1, Math.floor(share * samples))]!;
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    low: at(tail),
    high: at(1 - tail),
    confidence,
  };
}
