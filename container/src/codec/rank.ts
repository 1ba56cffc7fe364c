import type { RerankOutcome, RerankRequest } from './codec.js';

/** Indexes of the best `topN` documents, highest logit first; equal logits keep the order of the request. */
export function rank(logits: Float32Array, topN: number = logits.length): number[] {
  const order = Array.from(logits, (_, index) => index);
  order.sort((a, b) => logits[b]! - logits[a]! || a - b);
  return order.slice(0, topN);
}

/** The score of a logit, as the request wants it. */
export function scoreOf(request: Pick<RerankRequest, 'rawScores'>, logit: number): number {
  return request.rawScores ? logit : 1 / (1 + Math.exp(-logit));
}

/** The results of a request, best first: index and score. */
export function ranked(
  request: RerankRequest,
  outcome: Pick<RerankOutcome, 'logits'>,
): { index: number; score: number }[] {
  return rank(outcome.logits, request.topN).map((index) => ({
    index,
    score: scoreOf(request, outcome.logits[index]!),
  }));
}
