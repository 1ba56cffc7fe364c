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
  /** float32 values; for int8 the uint8 values around zero point 128. */
  readonly value: string;
  /** int8 only: float32 [rows, 1], what one step of the row is worth. */
  readonly rowScale?: string;
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
  for (let o = 0; o < out; o++) for (let i = 0; i < input; i++) to[i * out + o] = from[o * input + i];
  return to;
}

export class FloatProducts implements Products {
  constructor(private readonly graph: Graph) {}

  operand(x: string, scale?: string): Operand {
    return { value: scale ? this.graph.op('Mul', [x, scale]) : x };
  }

  raw(x: Operand, name: string, w: Matrix): string {
    const data = transpose(w.data, new Float32Array(w.data.length), w.out, w.input);
    return this.graph.op('MatMul', [
      x.value,
      this.graph.initializer(name, DataType.FLOAT, [w.input, w.out], data),
    ]);
  }

  product(x: Operand, name: string, w: Matrix): string {
    return this.raw(x, name, w);
  }
}

/** What stands for 0 in a uint8 activation. */
const ZERO_POINT = 128;

/** Bits of an int8 model's weights, the sign included. */
export type WeightBits = 7 | 8;

/** What `--weight-bits` may be, and the default. */
export const WEIGHT_BITS: readonly WeightBits[] = [7, 8];

/**
 * Products of 8-bit integers: weights with one scale per output channel, activations with one scale per token row, so
 * that a pair's logit does not depend on the pairs beside it. Activations are uint8 around 128, the form for which
 * x86 has a dot product instruction (VNNI); the signed form is several times slower. Without VNNI the sums of two
 * products are kept in 16 bits: weights of 7 bits always fit (2 x 255 x 63 < 2^15), weights of 8 bits may saturate.
 */
export class IntegerProducts implements Products {
  constructor(
    protected readonly graph: Graph,
    private readonly bits: WeightBits,
  ) {}

  operand(x: string, scale?: string): Operand {
    const g = this.graph;
    const axis = { axes: [-1], keepdims: 1 };
    const largest = g.op('Max', [
      g.op('ReduceMax', [x], axis),
      g.op('Neg', [g.op('ReduceMin', [x], axis)]),
      g.float(1e-20),
    ]);
    const step = g.op('Mul', [largest, g.float(1 / 127)]);
    // One scale per row is the quantisation operator's own per-axis form: one pass, where Div before it made two.
    const steps = g.op('Reshape', [step, g.int([-1])]);
    const zeros = g.op('Expand', [g.byte(ZERO_POINT), g.op('Shape', [steps])]);
    const value = this.quantize(x, steps, zeros);
    return { value, rowScale: scale ? g.op('Mul', [step, scale]) : step };
  }

  /** uint8 values of x, of one step and one zero point a row. */
  protected quantize(x: string, steps: string, zeros: string): string {
    return this.graph.op('QuantizeLinear', [x, steps, zeros], { axis: 0 });
  }

  raw(x: Operand, name: string, w: Matrix): string {
    const g = this.graph;
    const { values, scales } = quantizeRows(w, this.bits);
    const data = transpose(values, new Int8Array(values.length), w.out, w.input);
    const weight = g.initializer(name, DataType.INT8, [w.input, w.out], data);
    const columnScale = g.initializer(`${name}.scale`, DataType.FLOAT, [w.out], scales);
    return g.op(
      'MatMulIntegerToFloat',
      [x.value, weight, g.float(1), columnScale, g.byte(ZERO_POINT)],
      {},
      MICROSOFT,
    );
  }

  product(x: Operand, name: string, w: Matrix): string {
    return this.graph.op('Mul', [this.raw(x, name, w), x.rowScale!]);
  }
}

/** Steps of the rest in one step of the value: the rest is at most half of one, and has 127 steps on each side. */
const REST_STEPS = 254;

/**
 * The same with activations of two bytes, the second for what rounding to the first left, so that of the two roundings only that of
 * the weights remains. The rests are further rows of the operand: twice the products, for the few rows that the logit depends on
 * most.
 */
export class FineIntegerProducts extends IntegerProducts {
  protected override quantize(x: string, steps: string, zeros: string): string {
    const g = this.graph;
    const value = super.quantize(x, steps, zeros);
    const rounded = g.op('DequantizeLinear', [value, steps, zeros], { axis: 0 });
    const fine = g.op('Mul', [steps, g.float(1 / REST_STEPS)]);
    const rest = super.quantize(g.op('Sub', [x, rounded]), fine, zeros);
    return g.op('Concat', [value, rest], { axis: 0 });
  }

  override raw(x: Operand, name: string, w: Matrix): string {
    const g = this.graph;
    const [value, rest] = g.ops('Split', [super.raw(x, name, w)], 2, { axis: 0 });
    return g.op('Add', [value, g.op('Mul', [rest, g.float(1 / REST_STEPS)])]);
  }
}

/** Symmetric quantisation with one scale per row: value = integer x scale, integers within -127..127, or -63..63 for 7 bits. */
export function quantizeRows(w: Matrix, bits: WeightBits = 8): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(w.data.length);
  const scales = new Float32Array(w.out);
  const most = 2 ** (bits - 1) - 1;
  for (let o = 0; o < w.out; o++) {
    const row = w.data.subarray(o * w.input, (o + 1) * w.input);
    let largest = 0;
    for (const x of row) largest = Math.max(largest, Math.abs(x));
    scales[o] = largest > 0 ? largest / most : 1;
    for (let i = 0; i < row.length; i++) values[o * w.input + i] = Math.round(row[i] / scales[o]);
  }
  return { values, scales };
}
