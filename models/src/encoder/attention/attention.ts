import type { Graph } from '../../onnx/graph.js';
import { MICROSOFT } from '../../onnx/graph.js';

/** How an encoder's tokens attend to each other. Activations are float32 [batch x sequence, hidden]. */
export interface Attention {
  /** Whether a key's bias matters; where it adds the same to all scores of a row, Softmax undoes it. */
  readonly keyBias: boolean;
  /** int64 [batch, sequence] with as many columns as the attention wants. */
  pad(x: string): string;
  /** Attention of all rows. `q` is divided by `divisor` already. Result: [batch x sequence, hidden]. */
  all(layer: number, q: string, k: string, v: string): string;
  /** Attention of the first token alone: q and result are [batch, hidden]. */
  first(layer: number, q: string, k: string, v: string): string;
}

/** Sizes and inputs that every attention is made from. */
export interface AttentionInputs {
  readonly heads: number;
  readonly hidden: number;
  /** int64 [batch, sequence]. */
  readonly ids: string;
  readonly mask: string;
  /** int64 [1]: number of pairs. */
  readonly batch: string;
}

/** Score of padding: exp() of it is exactly 0 beside any other score. */
export const MASKED = -1e9;

/**
 * ONNX Runtime's attention of several heads. q: [batch, rows, hidden]; k and v alike, or [batch, heads, sequence, width].
 * @param present int32 [batch, sequence]: 0 for padding
 * @param bias float32 [batch or 1, heads or 1, rows, sequence], added to the scores
 * @param outputs names for the result, where a subgraph has to name it
 */
export function attend(
  g: Graph,
  heads: number,
  [q, k, v]: readonly [string, string, string],
  present: string,
  bias = '',
  outputs: 1 | readonly string[] = 1,
): string {
  const attributes = {
    num_heads: heads,
    scale: { float: 1 },
    mask_filter_value: { float: MASKED },
  };
  return g.ops('MultiHeadAttention', [q, k, v, '', present, bias], outputs, attributes, MICROSOFT)[0]!;
}

/** [batch x sequence, hidden] to [batch, sequence, hidden]. */
export function byPair(g: Graph, x: string, { batch, hidden }: AttentionInputs): string {
  return g.op('Reshape', [x, g.op('Concat', [batch, g.int([-1, hidden])], { axis: 0 })]);
}

/** [batch x sequence, hidden] to [batch, heads, sequence, width of a head]. */
export function byHead(g: Graph, x: string, { batch, hidden, heads }: AttentionInputs): string {
  const dims = g.op('Concat', [batch, g.int([-1, heads, hidden / heads])], { axis: 0 });
  return g.op('Transpose', [g.op('Reshape', [x, dims])], { perm: [0, 2, 1, 3] });
}

/** ceil(n / d) of int64 values. */
export function ceilDiv(g: Graph, n: string, d: string): string {
  return g.op('Div', [g.op('Sub', [g.op('Add', [n, d]), g.int([1])]), d]);
}
