import { EvaluationError } from './errors.js';
import type { Run, ScoredDocument } from './metrics.js';

/**
 * Sum of two rankings' z-scores: per query, (1 - weight) * z(first) + weight * z(second), where z subtracts the mean
 * and divides by the standard deviation over the documents that both hold. Documents of only one are left out.
 * A query whose scores are all equal contributes 0 from that side.
 * @param weight of the second, 0..1.
 */
export function fuse(first: Run, second: Run, weight: number): Run {
  checkWeight(weight);
  const fused = new Map<string, ScoredDocument[]>();
  for (const [query, documents] of first) {
    const other = new Map((second.get(query) ?? []).map(({ id, score }) => [id, score]));
    const both = documents.filter(({ id }) => other.has(id));
    const a = standardize(both.map(({ score }) => score));
    const b = standardize(both.map(({ id }) => other.get(id)!));
    fused.set(
      query,
      both.map(({ id }, i) => ({ id, score: (1 - weight) * a[i] + weight * b[i] })),
    );
  }
  return fused;
}

/** @throws EvaluationError `option_invalid` */
export function checkWeight(weight: number): void {
  if (weight >= 0 && weight <= 1) return;
  throw new EvaluationError('option_invalid', `the weight of a fusion is 0 to 1, not ${weight}`);
}

function standardize(scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  const deviation = Math.sqrt(variance);
  return scores.map((score) => (deviation > 0 ? (score - mean) / deviation : 0));
}
