import type { Graph } from '../../onnx/graph.js';
import type { BlockBias } from './blockwise.js';

/** Symmetric ALiBi: -slope |i - j|. */
export function alibi(g: Graph, heads: number): BlockBias {
  const slopes = g.float(
    alibiSlopes(heads).map((slope) => -slope),
    [1, heads, 1, 1],
  );
  return (body, rows, keys) => body.op('Mul', [body.op('Abs', [body.op('Sub', [keys, rows])]), slopes]);
}

/**
 * ALiBi slopes of `heads` attention heads: powers of 2^(-8/n) for the largest power of two n within `heads`, then every
 * other slope of the sequence for 2n. Source: Press et al. (arXiv 2108.12409) and its published implementation.
 */
export function alibiSlopes(heads: number): number[] {
  const n = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  const between = geometric(2 * n).filter((_, i) => i % 2 === 0);
  return [...geometric(n), ...between.slice(0, heads - n)];
}
