import type { Ranking } from './types.js';

/** The rankings of one part, as the endpoint gave them. */
interface PartRankings {
  /** Position in the call of the part's first document. */
  readonly start: number;
  readonly rankings: readonly Ranking[];
}

/**
 * The one ranking of all parts: highest score first, equal scores in the order of the call. Exact, since a document's
 * score does not depend on its neighbours and the best `topN` of the call are each among the best `topN` of their part.
 */
export function mergeRankings(parts: readonly PartRankings[]): Ranking[] {
  if (parts.length === 1 && parts[0]!.start === 0) return [...parts[0]!.rankings];
  return parts
    .flatMap(({ start, rankings }) =>
      rankings.map(({ index, relevanceScore }) => ({ index: start + index, relevanceScore })),
    )
    .sort((a, b) => b.relevanceScore - a.relevanceScore || a.index - b.index);
}

/** The container's own formula, so that a split call and a whole one give the same doubles. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
