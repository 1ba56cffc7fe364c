import { Graph } from '../../onnx/graph.js';
import { DataType } from '../../onnx/proto.js';
import { BLOCK } from '../constants.js';
import { type Attention, type AttentionInputs, attend, byHead, byPair, ceilDiv } from './attention.js';

/** Bias of a block's scores: float32 [1, heads or 1, rows, sequence], or nothing. `rows`: their positions, [rows, 1]. */
export type BlockBias = (g: Graph, rows: string, keys: string) => string | undefined;

/** Attention of one block: its rows, [batch, rows, hidden], their positions, float32 [rows, 1], and the name of the result. */
export type BlockScores = (body: Graph, query: string, row: string, output: string) => string;

/**
 * Attention that never holds [heads, sequence, sequence] scores: a Scan over blocks of query rows. What it adds to the scores
 * of a block follows from the positions of its rows and of the keys; padding is masked apart, so that one bias serves the
 * whole batch.
 */
export class BlockwiseAttention implements Attention {
  readonly keyBias: boolean = false;
  protected readonly g: Graph;
  protected readonly inputs: AttentionInputs;
  /** int64 [1]: number of blocks, of rows in a block; blocks x rows is the padded sequence. */
  protected readonly blocks: string;
  protected readonly rows: string;
  protected readonly padded: string;
  /** int64 [1]: the sequence as it is given, and what it lacks. */
  protected readonly length: string;
  protected readonly missing: string;
  /** int32 [batch, sequence]: 0 for padding. */
  protected readonly present: string;
  /** float32 [sequence]: 0, 1, 2, ... */
  readonly #positions: string;
  /** float32 [blocks, rows, 1]. */
  readonly #rowPositions: string;
  readonly #bias: BlockBias;

  /** @param blockRows rows of every block but the only one; default: equal blocks of at most BLOCK rows */
  constructor(g: Graph, inputs: AttentionInputs, bias: BlockBias, blockRows?: number) {
    this.g = g;
    this.inputs = inputs;
    this.#bias = bias;
    this.length = g.op('Shape', [inputs.ids], { start: 1, end: 2 });
    if (blockRows === undefined) {
      this.blocks = ceilDiv(g, this.length, g.int([BLOCK]));
      this.rows = ceilDiv(g, this.length, this.blocks);
    } else {
      this.rows = g.op('Min', [this.length, g.int([blockRows])]);
      this.blocks = ceilDiv(g, this.length, this.rows);
    }
    this.padded = g.op('Mul', [this.blocks, this.rows]);
    this.missing = g.op('Sub', [this.padded, this.length]);
    const range = g.op('Range', [g.int(0), g.op('Squeeze', [this.padded]), g.int(1)]);
    this.#positions = g.op('Cast', [range], { to: DataType.FLOAT });
    this.#rowPositions = g.op('Reshape', [this.#positions, this.concat(this.blocks, this.rows, g.int([1]))]);
    this.present = g.op('Cast', [this.pad(inputs.mask)], { to: DataType.INT32 });
  }

  /** The few rows that equal blocks want are added once, to the inputs, rather than in every layer. */
  pad(x: string): string {
    return this.g.op('Pad', [x, this.concat(this.g.int([0, 0, 0]), this.missing)]);
  }

  all(layer: number, q: string, k: string, v: string): string {
    const { g, inputs } = this;
    const [keys, values] = [byHead(g, k, inputs), byHead(g, v, inputs)];
    return this.scan(layer, q, (body, query, row, name) =>
      attend(
        body,
        inputs.heads,
        [query, keys, values],
        this.present,
        this.#bias(body, row, this.#positions),
        [name],
      ),
    );
  }

  first(_layer: number, q: string, k: string, v: string): string {
    const { g, inputs } = this;
    const pairs = [q, k, v].map((x) => byPair(g, x, inputs)) as [string, string, string];
    const bias = this.#bias(g, g.float(0, [1, 1]), this.#positions);
    const context = attend(g, inputs.heads, pairs, this.present, bias);
    return g.op('Reshape', [context, g.int([-1, inputs.hidden])]);
  }

  /** Runs `block` over the blocks of q. */
  protected scan(layer: number, q: string, block: BlockScores): string {
    const { g, batch, hidden } = { g: this.g, ...this.inputs };
    const name = `layer.${layer}`;
    const blocked = g.op('Reshape', [q, this.concat(batch, this.blocks, this.rows, g.int([hidden]))]);
    const queries = g.op('Transpose', [blocked], { perm: [1, 0, 2, 3] });
    const body = new Graph(`${name}/block`);
    const row = body.input(`${name}/row`, DataType.FLOAT, ['rows', 1]);
    const query = body.input(`${name}/query`, DataType.FLOAT, ['batch', 'rows', hidden]);
    const context = block(body, query, row, `${name}/context`);
    body.output(context, DataType.FLOAT, ['batch', 'rows', hidden]);
    const stacked = g.op('Scan', [this.#rowPositions, queries], { body, num_scan_inputs: 2 });
    return g.op('Reshape', [g.op('Transpose', [stacked], { perm: [1, 0, 2, 3] }), g.int([-1, hidden])]);
  }

  /** int64 [1]: the position of a block's first row. */
  protected start(body: Graph, row: string): string {
    const first = body.op('Cast', [body.op('Gather', [row, body.int(0)])], { to: DataType.INT64 });
    return body.op('Reshape', [first, body.int([1])]);
  }

  protected concat(...parts: string[]): string {
    return this.g.op('Concat', parts, { axis: 0 });
  }
}
