import { VARIANTS, type VariantId } from '@sagemaker-reranker/models';
import type { Precision } from '../types.js';

/** Multiply-adds that a token of a pair costs. */
export interface Operations {
  /** In products with weights. */
  readonly products: number;
  /** In attention, which is fp32 at both precisions. */
  readonly attention: number;
}

/**
 * Operations per token of a pair of `tokens` tokens, by the graph that models/jinabert builds: every layer has four
 * hidden x hidden and three hidden x intermediate products (arXiv 2310.19923); the last one computes keys and values for
 * all tokens and everything else for the first token alone. Attention multiplies each token with all of its pair twice.
 */
export function operationsPerToken(variant: VariantId, tokens: number): Operations {
  const { layers, hidden, intermediate } = VARIANTS[variant].architecture;
  const full = 4 * hidden * hidden + 3 * hidden * intermediate;
  const first = 2 * hidden * hidden + 3 * hidden * intermediate;
  const head = hidden * hidden + hidden;
  return {
    products: (layers - 1) * full + 2 * hidden * hidden + (first + head) / tokens,
    attention: 2 * hidden * ((layers - 1) * tokens + 1),
  };
}

/** An fp32 multiply-add of attention in units of an int8 one of the products: a quarter of the lanes. */
const ATTENTION_WEIGHT: Readonly<Record<Precision, number>> = { fp32: 1, int8: 4 };

/** Operations per token as one number, in multiply-adds of the precision's products. */
export function workPerToken(variant: VariantId, precision: Precision, tokens: number): number {
  const { products, attention } = operationsPerToken(variant, tokens);
  return products + ATTENTION_WEIGHT[precision] * attention;
}
