import type { Graph } from '../../onnx/graph.js';
import { DataType } from '../../onnx/proto.js';
import type { AttentionSpec, RelativeSpec } from '../spec.js';
import { type Attention, type AttentionInputs, attend, byHead, byPair } from './attention.js';

/** Projected embeddings of distances of one layer, float32 [2 x span, hidden]; the query's divided as `q` is. */
export interface DistanceTables {
  readonly key?: Float32Array;
  readonly query?: Float32Array;
}

/**
 * Disentangled attention (arXiv 2006.03654): scores of content to content, of content to the distance i - j, and of the
 * distance to content. The latter two are products with the projected embeddings of all distances that occur, laid out so
 * that a row's scores are a slice that moves by one from row to row.
 */
export class DisentangledAttention implements Attention {
  readonly keyBias = true;
  readonly #g: Graph;
  readonly #inputs: AttentionInputs;
  readonly #relative: RelativeSpec;
  readonly #tables: (layer: number) => DistanceTables;
  /** int64 [1]. */
  readonly #length: string;
  readonly #present: string;
  /** int64 [2 x length]: row of the table for the distances -length + 1 .. length, and for their negatives. */
  readonly #distances: string;
  readonly #negatives: string;

  constructor(
    g: Graph,
    inputs: AttentionInputs,
    { positions, relative }: Extract<AttentionSpec, { kind: 'disentangled' }>,
    tables: (layer: number) => DistanceTables,
  ) {
    this.#g = g;
    this.#inputs = inputs;
    this.#relative = relative;
    this.#tables = tables;
    this.#present = g.op('Cast', [inputs.mask], { to: DataType.INT32 });
    this.#length = g.op('Shape', [inputs.ids], { start: 1, end: 2 });
    const span = (sign: 1 | -1): string => {
      const rows = Array.from({ length: 2 * positions }, (_, i) =>
        distanceRow(sign * (i + 1 - positions), relative),
      );
      const middle = g.int([positions]);
      return g.op('Slice', [
        g.int(rows),
        g.op('Sub', [middle, this.#length]),
        g.op('Add', [middle, this.#length]),
      ]);
    };
    this.#distances = span(1);
    this.#negatives = span(-1);
  }

  pad(x: string): string {
    return x;
  }

  all(layer: number, q: string, k: string, v: string): string {
    const g = this.#g;
    const { heads, hidden } = this.#inputs;
    const tables = this.#tables(layer);
    const parts: string[] = [];
    const name = `layer.${layer}`;
    if (tables.key) {
      const table = this.#table(`${name}.distance_key`, tables.key, this.#negatives, [1, 2, 0]);
      parts.push(this.#moved(g.op('MatMul', [byHead(g, q, this.#inputs), table])));
    }
    if (tables.query) {
      const table = this.#table(`${name}.distance_query`, tables.query, this.#distances, [1, 2, 0]);
      const moved = this.#moved(g.op('MatMul', [byHead(g, k, this.#inputs), table]));
      parts.push(g.op('Transpose', [moved], { perm: [0, 1, 3, 2] }));
    }
    const pairs = [q, k, v].map((x) => byPair(g, x, this.#inputs)) as [string, string, string];
    const context = attend(g, heads, pairs, this.#present, this.#sum(parts));
    return g.op('Reshape', [context, g.int([-1, hidden])]);
  }

  first(layer: number, q: string, k: string, v: string): string {
    const g = this.#g;
    const { heads, hidden } = this.#inputs;
    const tables = this.#tables(layer);
    const name = `layer.${layer}`;
    // The distances 0, -1, -2, ... of the first row: the negatives of 0, 1, 2, ...
    const ahead = g.op('Slice', [
      this.#negatives,
      g.op('Sub', [this.#length, g.int([1])]),
      g.op('Sub', [g.op('Add', [this.#length, this.#length]), g.int([1])]),
    ]);
    const parts: string[] = [];
    if (tables.key) {
      const table = this.#table(`${name}.distance_key`, tables.key, ahead, [1, 2, 0]);
      parts.push(g.op('MatMul', [byHead(g, q, this.#inputs), table]));
    }
    if (tables.query) {
      const table = this.#table(`${name}.distance_query`, tables.query, ahead, [1, 0, 2]);
      const products = g.op('Mul', [byHead(g, k, this.#inputs), table]);
      parts.push(
        g.op('Unsqueeze', [g.op('ReduceSum', [products, g.int([-1])], { keepdims: 0 }), g.int([2])]),
      );
    }
    const pairs = [q, k, v].map((x) => byPair(g, x, this.#inputs)) as [string, string, string];
    const context = attend(g, heads, pairs, this.#present, this.#sum(parts));
    return g.op('Reshape', [context, g.int([-1, hidden])]);
  }

  #sum([first, second]: readonly string[]): string | undefined {
    return first !== undefined && second !== undefined ? this.#g.op('Add', [first, second]) : first;
  }

  /** Embeddings of distances, [n, heads, width] in the order `perm`. */
  #table(name: string, data: Float32Array, rows: string, perm: number[]): string {
    const g = this.#g;
    const { heads, hidden } = this.#inputs;
    const table = g.initializer(name, DataType.FLOAT, [2 * this.#relative.span, hidden], data);
    const chosen = g.op('Reshape', [g.op('Gather', [table, rows]), g.int([-1, heads, hidden / heads])]);
    return g.op('Transpose', [chosen], { perm });
  }

  /**
   * [.., n, 2 n] to [.., n, n]: row i begins n - 1 - i columns in. Read without its first n - 1 numbers and as rows of 2 n - 1,
   * each row moves by one against the one before.
   */
  #moved(x: string): string {
    const g = this.#g;
    const { batch, heads } = this.#inputs;
    const n = this.#length;
    const one = g.int([1]);
    const less = g.op('Sub', [n, one]);
    const row = g.op('Sub', [g.op('Add', [n, n]), one]);
    const concat = (...parts: string[]): string => g.op('Concat', parts, { axis: 0 });
    const flat = g.op('Reshape', [x, concat(batch, g.int([heads, -1]))]);
    const cut = g.op('Slice', [flat, less, g.op('Add', [less, g.op('Mul', [n, row])]), g.int([2])]);
    const rows = g.op('Reshape', [cut, concat(batch, g.int([heads]), n, row)]);
    return g.op('Slice', [rows, g.int([0]), n, g.int([3])]);
  }
}

/** Row of the table of distances for the distance i - j. Logarithmic buckets as DeBERTa-v2's published code has them, in float32. */
function distanceRow(distance: number, { span, buckets, most }: RelativeSpec): number {
  const row = (buckets ? bucket(distance, span, most) : distance) + span;
  return Math.min(Math.max(row, 0), 2 * span - 1);
}

function bucket(distance: number, span: number, most: number): number {
  const { abs, ceil, fround, log, sign } = Math;
  const middle = Math.floor(span / 2);
  if (abs(distance) <= middle) return distance;
  const ratio = fround(
    fround(log(fround(abs(distance) / middle))) / fround(log(fround((most - 1) / middle))),
  );
  return sign(distance) * (ceil(fround(ratio * (middle - 1))) + middle);
}
