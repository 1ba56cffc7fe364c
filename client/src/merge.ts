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

/**
 * The container's own formula (`scoreOf` there), so that a split call and a whole one give the same doubles: above 0, below 1, and of
 * 18 characters at most.
 */
export function sigmoid(logit: number): number {
  const score = Math.min(Math.max(1 / (1 + Math.exp(-logit)), 1e-300), 1 - Number.EPSILON / 2);
  let shown = score;
  for (let digits = 16; String(shown).length > 18; digits -= 1) shown = Number(score.toPrecision(digits));
  return shown;
}
