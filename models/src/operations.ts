import type { Architecture } from './architecture.js';

/** Multiply-adds that a token of a pair costs. */
export interface Operations {
  /** In products with weights. */
  readonly products: number;
  /** In attention, which is fp32 at every precision. */
  readonly attention: number;
}

/** Keys beyond its window that a block of rows of a windowed layer reads. */
const WINDOW_BLOCK = 64;

/**
 * Multiply-adds per token of a pair of `tokens` tokens, by the graphs that this project emits: a layer has four products of
 * hidden x hidden, and two of hidden x intermediate, or three where the MLP is gated. Where the head reads the first token
 * alone, the last layer computes keys and values for all tokens and everything else for the first. Attention multiplies each
 * token with all of its pair twice; with a window, with that alone; DeBERTa's, with twice as many distances twice more.
 * An exporter's graph computes every row of every layer.
 */
export function operationsPerToken(a: Architecture, tokens: number): Operations {
  const { structure = 'jinabert', layers, hidden, intermediate, embedding = hidden, rotary } = a;
  const gated = structure === 'jinabert' || structure === 'modernbert';
  const mlp = (gated ? 3 : 2) * hidden * intermediate;
  const full = 4 * hidden * hidden + mlp;
  const skips = structure !== 'other' && a.pooling !== 'mean';
  const whole = skips ? layers - 1 : layers;
  const last = skips ? 2 * hidden * hidden + (2 * hidden * hidden + mlp) / tokens : 0;
  const head = (hidden * hidden + hidden) / tokens;
  const projection = embedding === hidden ? 0 : embedding * hidden;
  const parts = structure === 'deberta' ? 6 : 2;
  let attention = skips ? parts * hidden : 0;
  for (let i = 0; i < whole; i += 1) {
    const windowed = rotary !== undefined && i % rotary.every !== 0;
    attention += parts * hidden * (windowed ? Math.min(tokens, 2 * rotary.window) + WINDOW_BLOCK : tokens);
  }
  return { products: whole * full + last + head + projection, attention };
}
