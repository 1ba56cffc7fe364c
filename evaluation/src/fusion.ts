import { fuseScores, type FusionMethod } from '@sagemaker-reranker/client';
import { EvaluationError } from './errors.js';
import type { Run, ScoredDocument } from './metrics.js';

/**
 * The fusion of two rankings, query by query, over the documents that both hold; see the client's `fuseScores`. Documents of
 * only one are left out.
 * @param weight of the second, 0..1.
 */
export function fuse(first: Run, second: Run, weight: number, method: FusionMethod = 'z-score'): Run {
  checkWeight(weight);
  return new Map(
    [...first].map(([query, documents]) => {
      const other = new Map((second.get(query) ?? []).map(({ id, score }) => [id, score]));
      const both = documents.filter(({ id }) => other.has(id));
      const scores = fuseScores(
        both.map(({ score }) => score),
        both.map(({ id }) => other.get(id)!),
        { method, weight },
      );
      return [query, both.map(({ id }, i): ScoredDocument => ({ id, score: scores[i]! }))];
    }),
  );
}

/** @throws EvaluationError `option_invalid` */
export function checkWeight(weight: number): void {
  if (weight >= 0 && weight <= 1) return;
  throw new EvaluationError('option_invalid', `the weight of a fusion is 0 to 1, not ${weight}`);
}
