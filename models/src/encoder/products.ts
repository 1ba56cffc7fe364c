import type { Graph } from '../onnx/graph.js';
import { MICROSOFT } from '../onnx/graph.js';
import { DataType } from '../onnx/proto.js';

/** A weight matrix as published: `out` rows of `input` numbers. */
export interface Matrix {
  readonly data: Float32Array;
  readonly out: number;
  readonly input: number;
}

/** An activation [rows, features], ready to be multiplied by several weights. */
export interface Operand {
  /** float32 values, or uint8 ones. */
  readonly value: string;
  /** Integers only: float32 [rows, 1], what one step of the row is worth. */
  readonly rowScale?: string;
  /** Fine integers only: uint8, what rounding to `value` left, in steps REST_STEPS times as fine. */
  readonly rest?: string;
  /** Offset integers only: uint8 [rows, 1], what stands for 0 in each row. */
  readonly zeros?: string;
}

/** How matrix products are written: in float32, or in integers with a scale per row and per output channel. */
export interface Products {
  /** Prepares a float32 activation once for all the products that read it; `scale` multiplies its rows, [rows, 1]. */
  operand(x: string, scale?: string): Operand;
  /** x W^T, float32, rows not yet multiplied by `operand.rowScale`. */
  raw(x: Operand, name: string, weight: Matrix): string;
  /** x W^T, float32. */
  product(x: Operand, name: string, weight: Matrix): string;
}

/** Copies the [out, in] rows into the [in, out] order that MatMul reads. */
function transpose<T extends Float32Array | Int8Array>(
  from: ArrayLike<number>,
  to: T,
  out: number,
  input: number,
): T {
  for (let o = 0; o < out; o += 1) for (let i = 0; i < input; i += 1) to[i * out + o] = from[o * input + i]!;
  return to;
}

abstract class RowScaledProducts implements Products {
  constructor(protected readonly graph: Graph) {}

  abstract operand(x: string, scale?: string): Operand;
  abstract raw(x: Operand, name: string, weight: Matrix): string;

  product(x: Operand, name: string, weight: Matrix): string {
    const raw = this.raw(x, name, weight);
    return x.rowScale === undefined ? raw : this.graph.op('Mul', [raw, x.rowScale]);
  }
}

export class FloatProducts extends RowScaledProducts {
  operand(x: string, scale?: string): Operand {
    return { value: scale === undefined ? x : this.graph.op('Mul', [x, scale]) };
  }

  raw(x: Operand, name: string, w: Matrix): string {
    const data = transpose(w.data, new Float32Array(w.data.length), w.out, w.input);
    const weight = this.graph.initializer(name, DataType.FLOAT, [w.input, w.out], data);
    return this.graph.op('MatMul', [x.value, weight]);
  }
}

/** Numbers of a weight's row that share a scale where weights alone are integers. */
const BLOCK_COLUMNS = 128;

/** float32 arithmetic on weights that are kept as 8-bit integers with a scale per block: a quarter of the memory. */
export class WeightOnlyProducts extends FloatProducts {
  override raw(x: Operand, name: string, { data, out, input }: Matrix): string {
    const g = this.graph;
    const blocks = Math.ceil(input / BLOCK_COLUMNS);
    // What the operator takes without zero points: unsigned, around 128.
    const values = new Uint8Array(out * blocks * BLOCK_COLUMNS).fill(128);
    const scales = new Float32Array(out * blocks);
    for (let o = 0; o < out; o += 1) {
      for (let b = 0; b < blocks; b += 1) {
        const from = o * input + b * BLOCK_COLUMNS;
        const part = data.subarray(from, Math.min(from + BLOCK_COLUMNS, (o + 1) * input));
        const scale = largest(part) / 127 || 1;
        scales[o * blocks + b] = scale;
        const at = (o * blocks + b) * BLOCK_COLUMNS;
        part.forEach((value, i) => (values[at + i] = 128 + Math.round(value / scale)));
      }
    }
    const weight = g.initializer(name, DataType.UINT8, [out, blocks, BLOCK_COLUMNS], values);
    const scale = g.initializer(`${name}.scale`, DataType.FLOAT, [out * blocks], scales);
    const attributes = { K: input, N: out, bits: 8, block_size: BLOCK_COLUMNS, accuracy_level: 0 };
    return g.op('MatMulNBits', [x.value, weight, scale], attributes, MICROSOFT);
  }
}

/** What stands for 0 in a uint8 activation. */
const ZERO_POINT = 128;

/** Bits of an int8 model's weights, the sign included. */
export type WeightBits = 7 | 8;

export interface IntegerSettings {
  readonly bits: WeightBits;
  /**
   * Mean square of every channel of the activation, where it is known: weights are rounded so that the product's error is
   * least, and not their own.
   */
  readonly importance?: Float32Array;
}

/** What `--weight-bits` may be, and the default. */
export const WEIGHT_BITS: readonly WeightBits[] = [7, 8];

/**
 * Products of 8-bit integers: weights with one scale per output channel, activations with one scale per token row, so
 * that a pair's logit does not depend on the pairs beside it. Activations are uint8 around 128, the form for which
 * x86 has a dot product instruction (VNNI); the signed form is several times slower. Without VNNI the sums of two
 * products are kept in 16 bits: weights of 7 bits always fit (2 x 255 x 63 < 2^15), weights of 8 bits may saturate.
 */
export class IntegerProducts extends RowScaledProducts {
  protected readonly settings: IntegerSettings;

  constructor(graph: Graph, settings: IntegerSettings) {
    super(graph);
    this.settings = settings;
  }

  operand(x: string, scale?: string): Operand {
    const { step, steps } = this.steps(x);
    return { value: this.quantize(x, steps, this.zeros(steps)), rowScale: this.rowScale(step, scale) };
  }

  raw(x: Operand, name: string, w: Matrix): string {
    const weight = this.weight(name, w);
    return this.multiply(x.value, weight);
  }

  /** What a step of each row is worth: float32 [rows, 1] and [rows]. */
  protected steps(x: string): { step: string; steps: string } {
    const g = this.graph;
    const axis = { axes: [-1], keepdims: 1 };
    const most = g.op('Max', [
      g.op('ReduceMax', [x], axis),
      g.op('Neg', [g.op('ReduceMin', [x], axis)]),
      g.float(1e-20),
    ]);
    const step = g.op('Mul', [most, g.float(1 / 127)]);
    // One scale per row is the quantisation operator's own per-axis form: one pass, where Div before it made two.
    return { step, steps: g.op('Reshape', [step, g.int([-1])]) };
  }

  protected zeros(steps: string): string {
    return this.graph.op('Expand', [this.graph.byte(ZERO_POINT), this.graph.op('Shape', [steps])]);
  }

  /** uint8 values of x, of one step and one zero point a row. */
  protected quantize(x: string, steps: string, zeros: string): string {
    return this.graph.op('QuantizeLinear', [x, steps, zeros], { axis: 0 });
  }

  protected rowScale(step: string, scale: string | undefined): string {
    return scale === undefined ? step : this.graph.op('Mul', [step, scale]);
  }

  /** int8 [in, out] and its scales, float32 [out]. */
  protected weight(name: string, w: Matrix): { value: string; scale: string } {
    const { values, scales } = quantizeRows(w, this.settings);
    const data = transpose(values, new Int8Array(values.length), w.out, w.input);
    return this.initializers(name, data, scales);
  }

  protected initializers(
    name: string,
    data: Int8Array,
    scales: Float32Array,
  ): { value: string; scale: string } {
    const g = this.graph;
    const dims = [data.length / scales.length, scales.length];
    return {
      value: g.initializer(name, DataType.INT8, dims, data),
      scale: g.initializer(`${name}.scale`, DataType.FLOAT, [scales.length], scales),
    };
  }

  protected multiply(
    x: string,
    weight: { value: string; scale: string },
    scale = 1,
    zero = ZERO_POINT,
  ): string {
    const g = this.graph;
    const inputs = [x, weight.value, g.float(scale), weight.scale, g.byte(zero)];
    return g.op('MatMulIntegerToFloat', inputs, {}, MICROSOFT);
  }
}

/** Steps of the rest in one step of the value: the rest is at most half of one, and has 127 steps on each side. */
const REST_STEPS = 254;

/**
 * The same with activations of two bytes, the second for what rounding to the first left, so that of the two roundings only
 * that of the weights remains: twice the products.
 */
export class FineIntegerProducts extends IntegerProducts {
  override operand(x: string, scale?: string): Operand {
    const g = this.graph;
    const { step, steps } = this.steps(x);
    const zeros = this.zeros(steps);
    const value = this.quantize(x, steps, zeros);
    const rounded = g.op('DequantizeLinear', [value, steps, zeros], { axis: 0 });
    const fine = g.op('Mul', [steps, g.float(1 / REST_STEPS)]);
    const rest = this.quantize(g.op('Sub', [x, rounded]), fine, zeros);
    return { value, rest, rowScale: this.rowScale(step, scale) };
  }

  override raw(x: Operand, name: string, w: Matrix): string {
    const weight = this.weight(name, w);
    const rest = this.multiply(x.rest!, weight, 1 / REST_STEPS);
    return this.graph.op('Add', [this.multiply(x.value, weight), rest]);
  }
}

/**
 * Integers with a zero point of each row's own, for activations that lie on one side of 0, as those behind GELU do: they
 * have all 255 steps, where those around 128 leave half unused. The operator takes one zero point for all rows. So the
 * product is taken with 0, and what a row's zero point adds, itself times the sum of each column, is taken off by further
 * columns of the operand: they hold the zero point, and their weights add up to minus the sum. All of it is exact.
 */
export class OffsetIntegerProducts extends IntegerProducts {
  override operand(x: string, scale?: string): Operand {
    const g = this.graph;
    const axis = { axes: [-1], keepdims: 1 };
    const low = g.op('Min', [g.op('ReduceMin', [x], axis), g.float(0)]);
    const high = g.op('Max', [g.op('ReduceMax', [x], axis), g.float(1e-18)]);
    const step = g.op('Mul', [g.op('Sub', [high, low]), g.float(1 / 255)]);
    const zero = g.op('Round', [g.op('Div', [g.op('Neg', [low]), step])]);
    const zeros = g.op('Cast', [zero], { to: DataType.UINT8 });
    const flat = g.int([-1]);
    const value = this.quantize(x, g.op('Reshape', [step, flat]), g.op('Reshape', [zeros, flat]));
    return { value, zeros, rowScale: this.rowScale(step, scale) };
  }

  override raw(x: Operand, name: string, w: Matrix): string {
    const g = this.graph;
    const { values, scales } = quantizeRows(w, this.settings);
    const columns = offsetColumns(values, w.out, 2 ** (this.settings.bits - 1) - 1);
    const data = new Int8Array(values.length + columns.length);
    transpose(values, data, w.out, w.input);
    data.set(columns, values.length);
    const dims = g.op(
      'Concat',
      [g.op('Shape', [x.zeros!], { start: 0, end: 1 }), g.int([columns.length / w.out])],
      {
        axis: 0,
      },
    );
    const wide = g.op('Concat', [x.value, g.op('Expand', [x.zeros!, dims])], { axis: 1 });
    return this.multiply(wide, this.initializers(name, data, scales), 1, 0);
  }
}

/** Rows [n, out] of int8 within -most..most that add up, column by column, to minus the sum of each weight's row. */
function offsetColumns(values: Int8Array, out: number, most: number): Int8Array {
  const input = values.length / out;
  const sums = new Int32Array(out);
  for (let o = 0; o < out; o += 1) for (let i = 0; i < input; i += 1) sums[o]! -= values[o * input + i]!;
  const count = Math.max(1, Math.ceil(sums.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / most));
  const columns = new Int8Array(count * out);
  for (let o = 0; o < out; o += 1) {
    for (let e = 0; e < count; e += 1) {
      // The remaining sum in equal parts: the last takes what is left exactly.
      const share = Math.round(sums[o]! / (count - e));
      columns[e * out + o] = share;
      sums[o]! -= share;
    }
  }
  return columns;
}

/**
 * float32 products whose activations are rounded as integers would be where a flag says so: the graph by which the roundings
 * that matter are found. `flag`: float32 scalar, 1 to round.
 */
export class RoundedProducts extends FloatProducts {
  readonly #integers: IntegerProducts;
  readonly #settings: IntegerSettings & { readonly flag: string };

  constructor(graph: Graph, settings: IntegerSettings & { readonly flag: string; readonly offset: boolean }) {
    super(graph);
    this.#settings = settings;
    this.#integers = new (settings.offset ? OffsetIntegerProducts : IntegerProducts)(graph, settings);
  }

  override operand(x: string, scale?: string): Operand {
    const g = this.graph;
    const { value, rowScale, zeros } = this.#integers.operand(x);
    const steps = g.op('Reshape', [rowScale!, g.int([-1])]);
    const zero =
      zeros === undefined
        ? g.op('Expand', [g.byte(ZERO_POINT), g.op('Shape', [steps])])
        : g.op('Reshape', [zeros, g.int([-1])]);
    const rounded = g.op('DequantizeLinear', [value, steps, zero], { axis: 0 });
    const error = g.op('Mul', [g.op('Sub', [rounded, x]), this.#settings.flag]);
    return super.operand(g.op('Add', [x, error]), scale);
  }

  override raw(x: Operand, name: string, w: Matrix): string {
    return super.raw(x, name, { ...w, data: roundedRows(w, this.#settings) });
  }
}

/** The weights as int8 keeps them. */
function roundedRows(w: Matrix, settings: IntegerSettings): Float32Array {
  const { values, scales } = quantizeRows(w, settings);
  return Float32Array.from(values, (value, i) => value * scales[Math.floor(i / w.input)]!);
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const x of values) most = Math.max(most, Math.abs(x));
  return most;
}

/** Shares of a row's largest weight that its scale may end at; what lies beyond is cut to it. */
const CLIPS = Array.from({ length: 9 }, (_, i) => 1 - i / 40);

/** Symmetric quantisation with one scale per row: value = integer x scale, integers within -127..127, or -63..63 for 7 bits. */
export function quantizeRows(
  w: Matrix,
  { bits, importance }: IntegerSettings = { bits: 8 },
): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(w.data.length);
  const scales = new Float32Array(w.out);
  const most = 2 ** (bits - 1) - 1;
  for (let o = 0; o < w.out; o += 1) {
    const row = w.data.subarray(o * w.input, (o + 1) * w.input);
    const widest = largest(row) / most || 1;
    scales[o] = importance === undefined ? widest : bestScale(row, widest, most, importance);
    for (let i = 0; i < row.length; i += 1) {
      const value = Math.round(row[i]! / scales[o]!);
      values[o * w.input + i] = Math.min(Math.max(value, -most), most);
    }
  }
  return { values, scales };
}

/** The scale of a row that makes the error of its product least, of those that cut a little off. */
function bestScale(row: Float32Array, widest: number, most: number, importance: Float32Array): number {
  let best = widest;
  let least = Infinity;
  for (const clip of CLIPS) {
    const scale = widest * clip;
    let error = 0;
    for (let i = 0; i < row.length; i += 1) {
      const value = Math.min(Math.max(Math.round(row[i]! / scale), -most), most);
      const off = value * scale - row[i]!;
      error += off * off * importance[i]!;
    }
    if (error >= least) continue;
    least = error;
    best = scale;
  }
  return best;
}
