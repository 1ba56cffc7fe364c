import type { RerankOutcome, RerankRequest } from './codec.js';

/** Indexes of the best `topN` documents, highest logit first; equal logits keep the order of the request. */
export function rank(logits: Float32Array, topN: number = logits.length): number[] {
  const order = Array.from(logits, (_, index) => index);
  order.sort((a, b) => logits[b]! - logits[a]! || a - b);
  return order.slice(0, topN);
}

/**
 * What readers of JSON take as a floating-point number. OpenSearch's connectors read by json-smart: a number of more than 18
 * characters is a BigDecimal and one without a fraction an Integer there, and the search fails on both.
 */
const MOST_CHARACTERS = 18;
const MOST = 1 - Number.EPSILON / 2;
/** Above what a processor takes for 0 that has been told to, as ONNX Runtime does. */
const LEAST = 1e-300;

/** The score of a logit, as the request wants it: the logit itself, or its sigmoid, which is above 0 and below 1. */
export function scoreOf(request: Pick<RerankRequest, 'rawScores'>, logit: number): number {
  if (request.rawScores) return logit;
  const score = Math.min(Math.max(1 / (1 + Math.exp(-logit)), LEAST), MOST);
  let shown = score;
  for (let digits = 16; String(shown).length > MOST_CHARACTERS; digits -= 1) {
    shown = Number(score.toPrecision(digits));
  }
  return shown;
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
