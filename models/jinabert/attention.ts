import { Graph, MICROSOFT } from '../onnx/graph';
import { DataType } from '../onnx/proto';

/** Rows of the score matrix computed at once. */
export const BLOCK = 128;

/** Values every layer's attention reads, computed once per run. */
export interface AttentionInputs {
  /** int64 [1]: number of batch items, of blocks, of rows in a block; blocks x rows is the padded sequence. */
  readonly batch: string;
  readonly blocks: string;
  readonly rows: string;
  /** float32 [blocks, rows, 1]: positions 0, 1, 2, ... of the rows. */
  readonly rowPositions: string;
  /** float32 [batch, 1, 1, sequence]: positions of the keys; padding stands so far away that its weight is exactly 0. */
  readonly keyPositions: string;
  /** float32 [heads, 1, 1]: minus the ALiBi slopes. */
  readonly slopes: string;
}

export interface AttentionSizes {
  readonly heads: number;
  /** Features of a head. */
  readonly width: number;
}

/** Attention of all rows, without ever holding [heads, sequence, sequence] scores: a Scan over blocks of query rows computes
 * each block's ALiBi bias, -slope |i - j|, from row and key positions.
 * q, k, v: float32 [batch x sequence, heads x width], q already divided by sqrt(width). Result: the same shape.
 */
export function blockwiseAttention(
  g: Graph,
  name: string,
  [q, k, v]: readonly string[],
  inputs: AttentionInputs,
  { heads, width }: AttentionSizes,
): string {
  const { batch, blocks, rows } = inputs;
  const hidden = g.int([heads * width]);
  const shape = (...parts: string[]): string => g.op('Concat', parts, { axis: 0 });
  const perHead = (x: string): string =>
    g.op('Transpose', [g.op('Reshape', [x, shape(batch, g.int([-1, heads, width]))])], {
      perm: [0, 2, 1, 3],
    });
  const blocked = g.op('Reshape', [q, shape(batch, blocks, rows, hidden)]);
  const queries = g.op('Transpose', [blocked], { perm: [1, 0, 2, 3] });
  const keys = perHead(k);
  const values = perHead(v);

  const body = new Graph(`${name}/block`);
  const row = body.input(`${name}/row`, DataType.FLOAT, ['rows', 1]);
  const block = body.input(`${name}/query`, DataType.FLOAT, ['batch', 'rows', heads * width]);
  const distance = body.op('Abs', [body.op('Sub', [inputs.keyPositions, row])]);
  const bias = body.op('Mul', [distance, inputs.slopes]);
  const [context] = body.ops(
    'MultiHeadAttention',
    [block, keys, values, '', '', bias],
    [`${name}/context`],
    {
      num_heads: heads,
      scale: { float: 1 },
    },
    MICROSOFT,
  );
  body.output(context, DataType.FLOAT, ['batch', 'rows', heads * width]);
  const stacked = g.op('Scan', [inputs.rowPositions, queries], { body, num_scan_inputs: 2 });
  return g.op('Reshape', [g.op('Transpose', [stacked], { perm: [1, 0, 2, 3] }), g.int([-1, heads * width])]);
}

/** Attention of the first token alone: the only row of the last layer that the head reads.
 * q: float32 [batch, hidden]; k, v: [batch x sequence, hidden]. Result: [batch, hidden]. */
export function firstTokenAttention(
  g: Graph,
  [q, k, v]: readonly string[],
  inputs: AttentionInputs,
  { heads, width }: AttentionSizes,
): string {
  const hidden = heads * width;
  const sequence = (x: string): string =>
    g.op('Reshape', [x, g.op('Concat', [inputs.batch, g.int([-1, hidden])], { axis: 0 })]);
  const bias = g.op('Mul', [inputs.keyPositions, inputs.slopes]);
  const context = g.op(
    'MultiHeadAttention',
    [sequence(q), sequence(k), sequence(v), '', '', bias],
    {
      num_heads: heads,
      scale: { float: 1 },
    },
    MICROSOFT,
  );
  return g.op('Reshape', [context, g.int([-1, hidden])]);
}
