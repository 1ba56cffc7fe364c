import type { Graph } from '../../onnx/graph.js';
import { MICROSOFT } from '../../onnx/graph.js';
import { DataType } from '../../onnx/proto.js';
import { BLOCK } from '../constants.js';
import type { AttentionSpec, RelativeSpec } from '../spec.js';
import { type AttentionInputs, attend, byHead, byPair } from './attention.js';
import { BlockwiseAttention } from './blockwise.js';

/** Projected embeddings of distances of one layer, float32 [2 x span, hidden]; the query's divided as `q` is. */
export interface DistanceTables {
  readonly key?: Float32Array;
  readonly query?: Float32Array;
}

/**
 * Disentangled attention (arXiv 2006.03654), blockwise: scores of content to content, of content to the distance i - j, and of the
 * distance to content. The latter two are products with the projected embeddings of all distances that occur in a block, laid
 * out so that a row's scores are a slice that moves by one from row to row.
 */
export class DisentangledAttention extends BlockwiseAttention {
  override readonly keyBias = true;
  readonly #relative: RelativeSpec;
  readonly #tables: (layer: number) => DistanceTables;
  /** int64 [2 x sequence]: rows of the table for the distances sequence - 1, sequence - 2, ... */
  readonly #falling: string;
  /**
   * int64 [2 x blocks - 1, 2 x rows]: for every distance between a block of queries and one of keys, the largest first, rows of the
   * table for all distances between their rows, rising.
   */
  readonly #between: string;

  constructor(
    g: Graph,
    inputs: AttentionInputs,
    { positions, relative }: Extract<AttentionSpec, { kind: 'disentangled' }>,
    tables: (layer: number) => DistanceTables,
  ) {
    super(g, inputs, () => undefined);
    this.#relative = relative;
    this.#tables = tables;
    // The last block may be padded past the last position.
    const most = positions + BLOCK;
    const middle = g.int([most]);
    const span = (sign: 1 | -1): string => {
      const rows = Array.from({ length: 2 * most }, (_, i) => distanceRow(sign * (i + 1 - most), relative));
      const ends = [g.op('Sub', [middle, this.padded]), g.op('Add', [middle, this.padded])];
      return g.op('Slice', [g.int(rows), ...ends]);
    };
    this.#falling = span(-1);
    const range = (from: string, to: string, step: number): string =>
      g.op('Range', [g.op('Squeeze', [from]), g.op('Squeeze', [to]), g.int(step)]);
    const twice = (x: string): string => g.op('Add', [x, x]);
    const starts = range(g.op('Sub', [twice(this.blocks), g.int([2])]), g.int([-1]), -1);
    const steps = g.op('Reshape', [g.op('Mul', [starts, this.rows]), g.int([-1, 1])]);
    const places = g.op('Add', [steps, range(g.int([0]), twice(this.rows), 1)]);
    this.#between = g.op('Gather', [span(1), places]);
  }

  override all(layer: number, q: string, k: string, v: string): string {
    const { g, inputs } = this;
    const { heads, hidden, batch } = inputs;
    const [keyTable, queryTable] = this.#initializers(layer);
    const [keys, values] = [byHead(g, k, inputs), byHead(g, v, inputs)];
    const width = g.int([hidden / heads]);
    const dims = this.concat(batch, g.int([heads]), this.blocks, this.rows, width);
    const keyBlocks = g.op('Reshape', [keys, dims]);
    return this.scan(layer, q, (body, query, row, name) => {
      const start = this.start(body, row);
      const parts: string[] = [];
      if (keyTable !== undefined) parts.push(this.#contentToDistance(body, query, keyTable, start));
      if (queryTable !== undefined) parts.push(this.#distanceToContent(body, keyBlocks, queryTable, start));
      return attend(body, heads, [query, keys, values], this.present, sum(body, parts), [name]);
    });
  }

  /** float32 [batch, heads, rows, sequence]. */
  #contentToDistance(body: Graph, query: string, table: string, start: string): string {
    const { inputs, rows, padded } = this;
    const behind = body.op('Sub', [padded, start]);
    const distances = body.op('Slice', [
      this.#falling,
      body.op('Sub', [behind, rows]),
      body.op('Add', [behind, padded]),
    ]);
    const near = body.op('Gather', [table, distances], { axis: 1 });
    const moved = this.#moved(body, byTable(body, byHead(body, query, inputs), near), padded);
    return this.#scores(body, moved);
  }

  /** float32 [batch, heads, rows, sequence]. */
  #distanceToContent(body: Graph, keyBlocks: string, table: string, start: string): string {
    const { rows, blocks, inputs } = this;
    const block = body.op('Div', [start, rows]);
    const from = body.op('Sub', [body.op('Sub', [blocks, body.int([1])]), block]);
    const distances = body.op('Slice', [this.#between, from, body.op('Add', [from, blocks]), body.int([0])]);
    const near = body.op('Gather', [table, distances], { axis: 1 });
    const moved = this.#moved(body, byTable(body, keyBlocks, near), rows);
    const dims = [inputs.batch, body.int([inputs.heads]), blocks, rows, rows];
    const byKey = body.op('Reshape', [moved, body.op('Concat', dims, { axis: 0 })]);
    return this.#scores(body, body.op('Transpose', [byKey], { perm: [0, 1, 4, 2, 3] }));
  }

  override first(layer: number, q: string, k: string, v: string): string {
    const { g, inputs } = this;
    const { heads, hidden } = inputs;
    const [keyTable, queryTable] = this.#initializers(layer);
    // The distances 0, -1, -2, ... of the first row.
    const from = g.op('Sub', [this.padded, g.int([1])]);
    const distances = g.op('Slice', [this.#falling, from, g.op('Add', [from, this.padded])]);
    const near = (table: string): string => g.op('Gather', [table, distances], { axis: 1 });
    const parts: string[] = [];
    if (keyTable !== undefined) parts.push(byTable(g, byHead(g, q, inputs), near(keyTable)));
    if (queryTable !== undefined) {
      const products = g.op('Mul', [byHead(g, k, inputs), near(queryTable)]);
      const sums = g.op('ReduceSum', [products, g.int([-1])], { keepdims: 0 });
      parts.push(g.op('Unsqueeze', [sums, g.int([2])]));
    }
    const pairs = [q, k, v].map((x) => byPair(g, x, inputs)) as [string, string, string];
    const context = attend(g, heads, pairs, this.present, sum(g, parts));
    return g.op('Reshape', [context, g.int([-1, hidden])]);
  }

  #scores(body: Graph, x: string): string {
    const { inputs, rows, padded } = this;
    const dims = [inputs.batch, body.int([inputs.heads]), rows, padded];
    return body.op('Reshape', [x, body.op('Concat', dims, { axis: 0 })]);
  }

  /** The key's and the query's table of a layer: float32 [heads, 2 x span, width of a head]. */
  #initializers(layer: number): (string | undefined)[] {
    const { heads, hidden } = this.inputs;
    const width = hidden / heads;
    const rows = 2 * this.#relative.span;
    const tables = this.#tables(layer);
    return (['key', 'query'] as const).map((part) => {
      const data = tables[part];
      if (data === undefined) return undefined;
      const byHead = data.map((_, at) => {
        const [head, row] = [Math.floor(at / (rows * width)), Math.floor(at / width) % rows];
        return data[row * hidden + head * width + (at % width)]!;
      });
      return this.g.initializer(
        `layer.${layer}.distance_${part}`,
        DataType.FLOAT,
        [heads, rows, width],
        byHead,
      );
    });
  }

  /**
   * [.., rows, n + rows] to [x, rows, n]: row i begins rows - 1 - i columns in. Read without its first rows - 1 numbers and as rows
   * that are shorter by one, each row moves by one against the one before.
   */
  #moved(body: Graph, x: string, n: string): string {
    const { rows } = this;
    const [one, rest] = [body.int([1]), body.int([-1])];
    const concat = (...parts: string[]): string => body.op('Concat', parts, { axis: 0 });
    const less = body.op('Sub', [rows, one]);
    const row = body.op('Add', [n, less]);
    const size = body.op('Mul', [rows, row]);
    const flat = body.op('Reshape', [x, concat(rest, body.op('Add', [size, rows]))]);
    const cut = body.op('Slice', [flat, less, body.op('Add', [less, size]), one]);
    const shorter = body.op('Reshape', [cut, concat(rest, rows, row)]);
    return body.op('Slice', [shorter, body.int([0]), n, body.int([2])]);
  }
}

/** Products of rows with rows of a table: [.., a, width] and [.., b, width] to [.., a, b]. */
function byTable(g: Graph, x: string, table: string): string {
  return g.op('FusedMatMul', [x, table], { transB: 1 }, MICROSOFT);
}

function sum(g: Graph, [first, second]: readonly string[]): string | undefined {
  return first !== undefined && second !== undefined ? g.op('Add', [first, second]) : first;
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
