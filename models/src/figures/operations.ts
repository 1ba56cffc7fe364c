import type { Architecture } from '../architecture.js';
import { BLOCK } from '../encoder/constants.js';
import { type ProductForm, activationsOf } from '../encoder/quantization.js';
import { specOf } from '../structures/structures.js';

/** What a token of a pair costs. */
export interface Operations {
  /** Multiply-adds in products with weights. */
  readonly products: number;
  /** Multiply-adds of attention, which is float32 at every precision. */
  readonly attention: number;
  /** Scores of attention that softmax goes over. */
  readonly scores: number;
  /** Values of the width `hidden` that norms, additions and quantization go over, a layer counted once. */
  readonly hidden: number;
  /** The same for the inner values of MLPs. */
  readonly inner: number;
}

/** What a batch costs whatever its size: weights are read, and operators started. */
export interface BatchOperations {
  /** Weights of products. */
  readonly weights: number;
  readonly layers: number;
}

/** Keys beyond its window that a block of rows of a windowed layer reads. */
const WINDOW_BLOCK = 64;

/**
 * Operations per token of a pair of `tokens` tokens, by the graphs that this project emits: a layer has four products of
 * hidden x hidden, and two of hidden x intermediate, or three where the MLP is gated. Where the head reads the first token
 * alone, the last layer computes keys and values for all tokens and everything else for the first. Attention multiplies each
 * token with all of its pair twice; with a window, with that alone, by blocks of rows; DeBERTa's, with the distances that a block of
 * rows has to all keys and to each block of them besides, and its scores are moved and added as often.
 * An exporter's graph computes every row of every layer.
 */
export function operationsPerToken(a: Architecture, tokens: number): Operations {
  const { hidden, heads, intermediate, embedding = hidden, rotary } = a;
  const { full, gated, mlp, skips, whole } = layersOf(a);
  // Windowed layers go by blocks of rows: a pair that is longer than one is computed to the end of its last.
  const computed = rotary && tokens > WINDOW_BLOCK ? Math.ceil(tokens / WINDOW_BLOCK) * WINDOW_BLOCK : tokens;
  const rows = computed / tokens;
  const last = skips ? 2 * hidden * hidden + (2 * hidden * hidden + mlp) / tokens : 0;
  const head = (hidden * hidden + hidden) / tokens;
  const projection = embedding === hidden ? 0 : embedding * hidden;
  const distances = 5 + Math.min(1, BLOCK / tokens);
  const [multiplied, scored] = a.structure === 'deberta' ? [distances, distances] : [2, 1];
  let keys = skips ? 1 : 0;
  for (let i = 0; i < whole; i += 1) {
    const windowed = rotary !== undefined && i % rotary.every !== 0;
    keys += windowed ? Math.min(computed, 2 * rotary.window) + WINDOW_BLOCK : tokens;
  }
  return {
    products: whole * full + last + head + projection,
    attention: rows * multiplied * hidden * keys,
    scores: rows * scored * heads * keys,
    hidden: whole * hidden,
    inner: whole * intermediate * (gated ? 2 : 1),
  };
}

export function operationsPerBatch(a: Architecture): BatchOperations {
  const { full, whole } = layersOf(a);
  return { weights: whole * full, layers: a.layers };
}

/** Parts of the products that are computed in each form; all of them in the plain one where no other is named. */
export function productForms(
  a: Architecture,
  forms: Readonly<Record<string, ProductForm>> = {},
): ReadonlyMap<ProductForm, number> {
  if (Object.keys(forms).length === 0 || a.structure === 'other') return new Map([['int8', 1]]);
  const found = new Map<ProductForm, number>();
  let all = 0;
  for (const { name, width, readers } of activationsOf(specOf(a))) {
    const products = readers.reduce((sum, { out }) => sum + out * width, 0);
    const form = forms[name] ?? 'int8';
    found.set(form, (found.get(form) ?? 0) + products);
    all += products;
  }
  return new Map([...found].map(([form, products]) => [form, products / all]));
}

function layersOf(a: Architecture) {
  const { structure = 'jinabert', layers, hidden, intermediate, pooling } = a;
  const gated = structure === 'jinabert' || structure === 'modernbert';
  const mlp = (gated ? 3 : 2) * hidden * intermediate;
  const skips = structure !== 'other' && pooling !== 'mean';
  return { gated, mlp, full: 4 * hidden * hidden + mlp, skips, whole: skips ? layers - 1 : layers };
}
