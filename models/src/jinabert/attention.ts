import type { Attention } from '../encoder/encoder.js';
import { Graph, MICROSOFT } from '../onnx/graph.js';
import { DataType } from '../onnx/proto.js';
import type { Architecture } from '../registry.js';
import { BLOCK } from './constants.js';
import { alibiSlopes } from './weights.js';

/** Score of padding: exp() of it is exactly 0 beside any other score. */
const MASKED = -1e9;

/**
 * Attention with symmetric ALiBi, -slope |i - j|, that never holds [heads, sequence, sequence] scores: a Scan over blocks
 * of query rows computes each block's bias from the positions of its rows and of the keys. Padding is masked apart, so that
 * one bias serves the whole batch.
 */
export class BlockwiseAttention implements Attention {
  /** int64 [1]: number of blocks, of rows in a block; blocks x rows is the padded sequence. */
  private readonly blocks: string;
  private readonly rows: string;
  /** int64 [4]: what `pad` adds to [batch, sequence]. */
  private readonly pads: string;
  /** float32 [sequence]: 0, 1, 2, ... */
  private readonly positions: string;
  /** float32 [blocks, rows, 1]. */
  private readonly rowPositions: string;
  /** float32 [1, heads, 1, 1]: minus the ALiBi slopes. */
  private readonly slopes: string;
  /** int32 [batch, sequence]: 0 for padding. */
  private readonly present: string;

  constructor(
    private readonly g: Graph,
    private readonly a: Architecture,
    ids: string,
    mask: string,
    private readonly batch: string,
  ) {
    const one = g.int([1]);
    const ceilDiv = (n: string, d: string): string =>
      g.op('Div', [g.op('Sub', [g.op('Add', [n, d]), one]), d]);
    const length = g.op('Shape', [ids], { start: 1, end: 2 });
    this.blocks = ceilDiv(length, g.int([BLOCK]));
    this.rows = ceilDiv(length, this.blocks);
    const padded = g.op('Mul', [this.blocks, this.rows]);
    this.pads = this.concat(g.int([0, 0, 0]), g.op('Sub', [padded, length]));
    const range = g.op('Range', [g.int(0), g.op('Squeeze', [padded]), g.int(1)]);
    this.positions = g.op('Cast', [range], { to: DataType.FLOAT });
    this.rowPositions = g.op('Reshape', [this.positions, this.concat(this.blocks, this.rows, one)]);
    const slopes = alibiSlopes(a.heads).map((slope) => -slope);
    this.slopes = g.float(slopes, [1, a.heads, 1, 1]);
    this.present = g.op('Cast', [this.pad(mask)], { to: DataType.INT32 });
  }

  /** The few rows that equal blocks want are added once, to the inputs, rather than in every layer. */
  pad(x: string): string {
    return this.g.op('Pad', [x, this.pads]);
  }

  all(name: string, q: string, k: string, v: string): string {
    const { g, batch, blocks, rows } = this;
    const { heads, hidden } = this.a;
    const perHead = (x: string): string => {
      const dims = this.concat(batch, g.int([-1, heads, hidden / heads]));
      return g.op('Transpose', [g.op('Reshape', [x, dims])], { perm: [0, 2, 1, 3] });
    };
    const blocked = g.op('Reshape', [q, this.concat(batch, blocks, rows, g.int([hidden]))]);
    const queries = g.op('Transpose', [blocked], { perm: [1, 0, 2, 3] });
    const [keys, values] = [perHead(k), perHead(v)];

    const body = new Graph(`${name}/block`);
    const row = body.input(`${name}/row`, DataType.FLOAT, ['rows', 1]);
    const block = body.input(`${name}/query`, DataType.FLOAT, ['batch', 'rows', hidden]);
    const [context] = this.attend(body, [block, keys, values], row, [`${name}/context`]);
    body.output(context, DataType.FLOAT, ['batch', 'rows', hidden]);
    const stacked = g.op('Scan', [this.rowPositions, queries], { body, num_scan_inputs: 2 });
    return g.op('Reshape', [g.op('Transpose', [stacked], { perm: [1, 0, 2, 3] }), g.int([-1, hidden])]);
  }

  first(q: string, k: string, v: string): string {
    const { g } = this;
    const sequences = [q, k, v].map((x) =>
      g.op('Reshape', [x, this.concat(this.batch, g.int([-1, this.a.hidden]))]),
    );
    const [context] = this.attend(g, sequences, g.float(0, [1, 1]), 1);
    return g.op('Reshape', [context, g.int([-1, this.a.hidden])]);
  }

  /** `rows`: positions of the query's rows, float32 [rows, 1]. */
  private attend(g: Graph, qkv: string[], rows: string, outputs: 1 | readonly string[]): string[] {
    const distance = g.op('Abs', [g.op('Sub', [this.positions, rows])]);
    const bias = g.op('Mul', [distance, this.slopes]);
    const attributes = {
      num_heads: this.a.heads,
      scale: { float: 1 },
      mask_filter_value: { float: MASKED },
    };
    return g.ops('MultiHeadAttention', [...qkv, '', this.present, bias], outputs, attributes, MICROSOFT);
  }

  private concat(...parts: string[]): string {
    return this.g.op('Concat', parts, { axis: 0 });
  }
}
