import type { Graph } from '../../onnx/graph.js';
import { MICROSOFT } from '../../onnx/graph.js';
import { DataType } from '../../onnx/proto.js';
import type { AttentionSpec } from '../spec.js';
import { type AttentionInputs, MASKED, attend, byHead } from './attention.js';
import { BlockwiseAttention, type BlockScores } from './blockwise.js';

type RotarySpec = Extract<AttentionSpec, { kind: 'rotary' }>;

/**
 * Rows of a block. A row then reads the same keys in the same places whatever the batch is padded to: sums in another order
 * differ by a rounding, which int8 can make a whole step of.
 */
const ROWS = 64;

/** Caches of cos and sin, float32 [positions, width of a head / 2]. */
interface Rotation {
  readonly cos: string;
  readonly sin: string;
}

/**
 * Rotary positions (arXiv 2104.09864), blockwise; layers with a window read the keys of each block's neighbourhood alone
 * (arXiv 2412.13663), so that their cost grows with the sequence and not with its square.
 */
export class RotaryAttention extends BlockwiseAttention {
  // A key's bias is rotated with it, so that it does not add the same to all scores.
  override readonly keyBias = true;
  readonly #spec: RotarySpec;
  readonly #rotations = new Map<number, Rotation>();
  /** int64 [1], the position of the first row. */
  readonly #origin: string;
  readonly #windows = new Map<number, Window>();

  constructor(g: Graph, inputs: AttentionInputs, spec: RotarySpec) {
    super(g, inputs, () => undefined, ROWS);
    this.#spec = spec;
    this.#origin = g.int([0]);
  }

  /** Blocks are whole inside the attention alone: the products need not compute what fills the last. */
  override pad(x: string): string {
    return x;
  }

  override all(layer: number, q: string, k: string, v: string): string {
    const { window } = this.#spec.layers[layer]!;
    const [query, key] = [this.#rotate(layer, q), this.#rotate(layer, k)];
    return window === undefined
      ? super.all(layer, query, key, v)
      : this.#inWindow(layer, window, query, key, v);
  }

  override first(layer: number, q: string, k: string, v: string): string {
    const { window } = this.#spec.layers[layer]!;
    // The rotation of position 0 leaves the query as it is.
    const key = this.#rotate(layer, k);
    if (window === undefined) return super.first(layer, q, key, v);
    const { g, inputs } = this;
    const near = (x: string): string =>
      g.op('Slice', [g.op('Reshape', [x, this.#pairDims()]), g.int([0]), g.int([window + 1]), g.int([1])]);
    const present = g.op('Slice', [this.present, g.int([0]), g.int([window + 1]), g.int([1])]);
    const row = g.op('Reshape', [q, this.concat(inputs.batch, g.int([-1, inputs.hidden]))]);
    const context = attend(g, inputs.heads, [row, near(key), near(v)], present);
    return g.op('Reshape', [context, g.int([-1, inputs.hidden])]);
  }

  protected override scan(layer: number, q: string, block: BlockScores): string {
    const { g, inputs, missing, length } = this;
    const pads = this.concat(g.int([0, 0, 0, 0]), missing, g.int([0]));
    const filled = g.op('Pad', [g.op('Reshape', [q, this.#pairDims()]), pads]);
    const context = g.op('Reshape', [super.scan(layer, filled, block), this.#pairDims()]);
    const rows = g.op('Slice', [context, g.int([0]), length, g.int([1])]);
    return g.op('Reshape', [rows, g.int([-1, inputs.hidden])]);
  }

  #pairDims(): string {
    return this.concat(this.inputs.batch, this.g.int([-1, this.inputs.hidden]));
  }

  #rotate(layer: number, x: string): string {
    const { g, inputs } = this;
    const { cos, sin } = this.#rotation(this.#spec.layers[layer]!.theta);
    const pairs = g.op('Reshape', [x, this.#pairDims()]);
    const attributes = { interleaved: 0 };
    const rotated = g.op('RotaryEmbedding', [pairs, this.#origin, cos, sin], attributes, MICROSOFT);
    return g.op('Reshape', [rotated, g.int([-1, inputs.hidden])]);
  }

  #rotation(theta: number): Rotation {
    const known = this.#rotations.get(theta);
    if (known) return known;
    const half = this.inputs.hidden / this.inputs.heads / 2;
    const { positions } = this.#spec;
    const { fround } = Math;
    const cache = (of: (angle: number) => number): Float32Array =>
      Float32Array.from({ length: positions * half }, (_, at) => {
        const [position, i] = [Math.floor(at / half), at % half];
        // In float32, as the published models compute it: at position 8,000 the two differ by a thousandth.
        return of(fround(position * fround(1 / fround(theta ** (i / half)))));
      });
    const dims = [positions, half];
    const rotation = {
      cos: this.g.initializer(`rotary.${theta}.cos`, DataType.FLOAT, dims, cache(Math.cos)),
      sin: this.g.initializer(`rotary.${theta}.sin`, DataType.FLOAT, dims, cache(Math.sin)),
    };
    this.#rotations.set(theta, rotation);
    return rotation;
  }

  #inWindow(layer: number, size: number, q: string, k: string, v: string): string {
    const { g, inputs } = this;
    const window = this.#window(size);
    const before = g.int([0, 0, size, 0, 0, 0]);
    const pads = this.concat(before, window.behind, g.int([0]));
    const wide = (x: string): string => g.op('Pad', [byHead(g, x, inputs), pads]);
    const [keys, values] = [wide(k), wide(v)];
    return this.scan(layer, q, (body, query, row, name) => {
      const from = this.start(body, row);
      const to = body.op('Add', [from, window.width]);
      const near = (x: string, axis: number): string => body.op('Slice', [x, from, to, body.int([axis])]);
      return attend(
        body,
        inputs.heads,
        [query, near(keys, 2), near(values, 2)],
        near(window.present, 1),
        window.bias,
        [name],
      );
    });
  }

  #window(size: number): Window {
    const known = this.#windows.get(size);
    if (known) return known;
    const { g } = this;
    const range = (end: string, dims: number[]): string => {
      const numbers = g.op('Range', [g.int(0), g.op('Squeeze', [end]), g.int(1)]);
      return g.op('Reshape', [g.op('Cast', [numbers], { to: DataType.FLOAT }), g.int(dims)]);
    };
    const width = g.op('Add', [this.rows, g.int([2 * size])]);
    // Column c of a block is the key that stands c - size behind the block's first row.
    const offset = g.op('Sub', [range(width, [1, -1]), range(this.rows, [-1, 1])]);
    const far = g.op('Greater', [g.op('Abs', [g.op('Sub', [offset, g.float(size)])]), g.float(size)]);
    const bias = g.op('Where', [far, g.float(MASKED), g.float(0)]);
    const behind = g.op('Add', [this.missing, g.int([size])]);
    const window = {
      width,
      behind,
      bias: g.op('Unsqueeze', [bias, g.int([0, 1])]),
      present: g.op('Pad', [this.present, this.concat(g.int([0, size, 0]), behind)]),
    };
    this.#windows.set(size, window);
    return window;
  }
}

interface Window {
  /** int64 [1]: keys that a block reads. */
  readonly width: string;
  /** int64 [1]: columns behind the last token that the last block's window reaches. */
  readonly behind: string;
  /** float32 [1, 1, rows, width]: 0 inside the window. */
  readonly bias: string;
  /** int32 [batch, sequence], and what blocks read before and behind it. */
  readonly present: string;
}
