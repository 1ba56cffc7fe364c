/** How two rankings of the same documents become one. */
export interface FusionOptions {
  /**
   * `z-score` adds both sides' scores in units of their standard deviation; `reciprocal-rank` adds 1 / (60 + rank), and
   * so needs no scores of the first stage, only its order. Default `z-score`.
   */
  readonly method?: FusionMethod;
  /** Weight of the reranker, 0..1; the first stage has the rest. Default 0.5. */
  readonly weight?: number;
}

export const FUSION_METHODS = ['z-score', 'reciprocal-rank'] as const;
export type FusionMethod = (typeof FUSION_METHODS)[number];

// Cormack, Clarke and Buettcher, SIGIR 2009: 60 keeps the first ranks from deciding alone.
const RANK_OFFSET = 60;

/**
 * One fused score a document: `(1 - weight) * side(first) + weight * side(second)`. A side is its z-score, (score - mean) /
 * standard deviation over the documents given, 0 where all scores are equal; or 1 / (60 + rank), equal scores sharing the
 * best of their ranks.
 * @param first scores of the first stage, higher is better, any scale
 * @param second scores of the reranker in the same order; logits rather than their sigmoid, which flattens differences
 * @throws RangeError for lists of different length and for a weight outside 0..1
 */
export function fuseScores(
  first: readonly number[],
  second: readonly number[],
  { method = 'z-score', weight = 0.5 }: FusionOptions = {},
): number[] {
  if (first.length !== second.length) {
    throw new RangeError(
      `two rankings to fuse need equally many scores, not ${first.length} and ${second.length}`,
    );
  }
  if (!(weight >= 0 && weight <= 1)) throw new RangeError(`the weight of a fusion is 0 to 1, not ${weight}`);
  const side = method === 'z-score' ? zScores : reciprocalRanks;
  const [a, b] = [side(first), side(second)];
  return a.map((value, i) => (1 - weight) * value + weight * b[i]!);
}

function zScores(scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  const deviation = Math.sqrt(variance);
  return scores.map((score) => (deviation > 0 ? (score - mean) / deviation : 0));
}

function reciprocalRanks(scores: readonly number[]): number[] {
  const rankOf = new Map<number, number>();
  [...scores].sort((a, b) => b - a).forEach((score, i) => rankOf.set(score, rankOf.get(score) ?? i + 1));
  return scores.map((score) => 1 / (RANK_OFFSET + rankOf.get(score)!));
}
