/** How far the logits of a model are from those of the model that it was made from, over queries with their documents. */
export interface Fidelity {
  readonly pairs: number;
  /** Absolute difference of the logits. */
  readonly largestError: number;
  readonly meanError: number;
  /** Root of the mean square of the difference, and the deviation of the source's logits that it is to be seen beside. */
  readonly rmsError: number;
  readonly deviation: number;
  /** Kendall's tau-b of the rankings of one query's documents, mean over the queries; -1..1. */
  readonly kendallTau: number;
  /** Queries, and those of them whose first document is the same. */
  readonly queries: number;
  readonly sameFirst: number;
}

/** @param exact logits of the source, by query and document; `found`: of the model, likewise. */
export function fidelity(
  exact: readonly (readonly number[])[],
  found: readonly (readonly number[])[],
): Fidelity {
  const errors = found.flatMap((logits, i) => logits.map((logit, j) => Math.abs(logit - exact[i]![j]!)));
  const middle = mean(exact.flat());
  const first = (logits: readonly number[]): number => logits.indexOf(Math.max(...logits));
  return {
    pairs: errors.length,
    largestError: errors.reduce((most, error) => Math.max(most, error), 0),
    meanError: mean(errors),
    rmsError: Math.sqrt(mean(errors.map((error) => error ** 2))),
    deviation: Math.sqrt(mean(exact.flat().map((logit) => (logit - middle) ** 2))),
    kendallTau: mean(found.map((logits, i) => kendallTau(logits, exact[i]!))),
    queries: exact.length,
    sameFirst: exact.filter((logits, i) => first(logits) === first(found[i]!)).length,
  };
}

/**
 * Kendall's tau-b of two scores of the same things: concordant minus discordant pairs, over the pairs that neither ties.
 * Source: M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945). 1 where one ties everything.
 */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let agreement = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const x = Math.sign(a[i]! - a[j]!);
      const y = Math.sign(b[i]! - b[j]!);
      agreement += x * y;
      untiedA += Math.abs(x);
      untiedB += Math.abs(y);
    }
  }
  return untiedA > 0 && untiedB > 0 ? agreement / Math.sqrt(untiedA * untiedB) : 1;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
