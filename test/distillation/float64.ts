import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../../models/src/onnx/proto.js';
import { AttributeType, DataType } from '../../models/src/onnx/proto.js';

const { abs, exp, log, max, min, sqrt, tanh, trunc } = Math;

/** A tensor of float64 (or of integers and truths as float64), row-major. */
export interface Value {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

type Attributes = Readonly<Record<string, number | number[] | undefined>>;
type Operator = (inputs: readonly Value[], attributes: Attributes, outputs: number) => Value[];

const size = (dims: readonly number[]): number => dims.reduce((product, n) => product * n, 1);
const rowOf = ({ dims }: Value): number => dims[dims.length - 1];
const axisOf = (axis: number, { dims }: Value): number => (axis < 0 ? axis + dims.length : axis);

/**
 * Error function in float64: the series of Abramowitz and Stegun 7.1.6 below 3, the continued fraction 7.1.14 above;
 * both to about 1e-15.
 */
export function erf(x: number): number {
  const z = abs(x);
  if (z < 3) {
    let term = (2 / sqrt(Math.PI)) * exp(-z * z) * z;
    let sum = 0;
    for (let n = 0; term > 1e-18; n++) {
      sum += term;
      term *= (2 * z * z) / (2 * n + 3);
    }
    return x < 0 ? -sum : sum;
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  const tail = exp(-z * z) / sqrt(Math.PI) / fraction;
  return x < 0 ? tail - 1 : 1 - tail;
}

function broadcast(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  const rank = max(a.dims.length, b.dims.length);
  const padded = [a, b].map(({ dims }) => [...Array<number>(rank - dims.length).fill(1), ...dims]);
  const dims = padded[0].map((n, i) => max(n, padded[1][i]));
  const place = (own: readonly number[], index: number): number => {
    let at = 0;
    let stride = 1;
    for (let i = rank - 1, rest = index; i >= 0; rest = trunc(rest / dims[i]), i--) {
      if (own[i] > 1) at += (rest % dims[i]) * stride;
      stride *= own[i];
    }
    return at;
  };
  const data = Array.from({ length: size(dims) }, (_, i) =>
    f(a.data[place(padded[0], i)], b.data[place(padded[1], i)]),
  );
  return { dims, data };
}

function transpose(x: Value, perm: readonly number[]): Value {
  const dims = perm.map((from) => x.dims[from]);
  const strides = x.dims.map((_, i) => size(x.dims.slice(i + 1)));
  const data = Array.from({ length: x.data.length }, (_, index) => {
    let at = 0;
    for (let i = dims.length - 1, rest = index; i >= 0; rest = trunc(rest / dims[i]), i--) {
      at += (rest % dims[i]) * strides[perm[i]];
    }
    return x.data[at];
  });
  return { dims, data };
}

const swapLast = (x: Value): Value => {
  const axes = x.dims.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

/** Product over the last two dimensions, the leading ones equal. */
function matmul(a: Value, b: Value): Value {
  const [n, m, d] = [a.dims[a.dims.length - 2], rowOf(a), rowOf(b)];
  const dims = [...a.dims.slice(0, -1), d];
  const data = Array.from({ length: size(dims) }, (_, index) => {
    const column = index % d;
    const row = trunc(index / d);
    const matrix = trunc(row / n) * m * d;
    let sum = 0;
    for (let k = 0; k < m; k++) sum += a.data[row * m + k] * b.data[matrix + k * d + column];
    return sum;
  });
  return { dims, data };
}

/** Maps each row of the last dimension. */
function byRow(x: Value, f: (row: readonly number[]) => readonly number[]): Value {
  const width = rowOf(x);
  const data: number[] = [];
  for (let at = 0; at < x.data.length; at += width) data.push(...f(x.data.slice(at, at + width)));
  return { dims: [...x.dims.slice(0, -1), data.length / (x.data.length / width)], data };
}

/** Blocks along an axis: how many there are before it, its length, and what lies behind one place of it. */
function around(x: Value, axis: number): { before: number; length: number; behind: number } {
  return {
    before: size(x.dims.slice(0, axis)),
    length: x.dims[axis],
    behind: size(x.dims.slice(axis + 1)),
  };
}

function concat(parts: readonly Value[], axis: number): Value {
  const { before } = around(parts[0], axis);
  const data: number[] = [];
  for (let i = 0; i < before; i++) {
    for (const part of parts) {
      const block = part.data.length / before;
      data.push(...part.data.slice(i * block, (i + 1) * block));
    }
  }
  const length = parts.reduce((sum, { dims }) => sum + dims[axis], 0);
  return { dims: parts[0].dims.map((n, i) => (i === axis ? length : n)), data };
}

function gather(x: Value, indices: Value, axis: number): Value {
  const { before, length, behind } = around(x, axis);
  const data: number[] = [];
  for (let i = 0; i < before; i++) {
    for (const index of indices.data) {
      if (!(index >= 0 && index < length)) throw new RangeError(`Gather: no place ${index} of ${length}`);
      const at = (i * length + index) * behind;
      data.push(...x.data.slice(at, at + behind));
    }
  }
  return { dims: [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)], data };
}

function reduce(x: Value, axes: readonly number[] | undefined, keep: boolean, mean: boolean): Value {
  const gone = new Set((axes ?? x.dims.map((_, i) => i)).map((axis) => axisOf(axis, x)));
  const kept = x.dims.map((n, i) => (gone.has(i) ? 1 : n));
  const order = x.dims.map((_, i) => i);
  const moved = transpose(x, [...order.filter((i) => !gone.has(i)), ...order.filter((i) => gone.has(i))]);
  const width = size(x.dims) / size(kept);
  const data = Array.from({ length: size(kept) }, (_, i) => {
    const sum = moved.data.slice(i * width, (i + 1) * width).reduce((a, b) => a + b, 0);
    return mean ? sum / width : sum;
  });
  return { dims: keep ? kept : x.dims.filter((_, i) => !gone.has(i)), data };
}

function pad(x: Value, pads: readonly number[]): Value {
  const rank = x.dims.length;
  const dims = x.dims.map((n, i) => n + pads[i] + pads[rank + i]);
  const data = Array.from({ length: size(dims) }, (_, index) => {
    let at = 0;
    let stride = 1;
    for (let i = rank - 1, rest = index; i >= 0; rest = trunc(rest / dims[i]), i--) {
      const place = (rest % dims[i]) - pads[i];
      if (place < 0 || place >= x.dims[i]) return 0;
      at += place * stride;
      stride *= x.dims[i];
    }
    return x.data[at];
  });
  return { dims, data };
}

const each =
  (f: (x: number) => number): Operator =>
  ([{ dims, data }]) => [{ dims, data: data.map(f) }];
const pairwise =
  (f: (x: number, y: number) => number): Operator =>
  ([a, b]) => [broadcast(a, b, f)];
const logSoftmax = (row: readonly number[]): number[] => {
  const most = row.reduce((a, b) => max(a, b));
  const sum = log(row.reduce((total, x) => total + exp(x - most), 0));
  return row.map((x) => x - most - sum);
};
const list = (value: number | number[] | undefined): number[] | undefined =>
  value === undefined ? undefined : [value].flat();

/** The operators that the training graph is made of, as the ONNX specification (opset 17) and ONNX Runtime define them. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  Abs: each(abs),
  Add: pairwise((x, y) => x + y),
  Cast: ([x], { to }) => [to === DataType.BOOL ? { ...x, data: x.data.map((v) => (v === 0 ? 0 : 1)) } : x],
  Concat: (parts, { axis }) => [concat(parts, axisOf(axis as number, parts[0]))],
  ConstantOfShape: ([shape]) => [{ dims: shape.data, data: new Array<number>(size(shape.data)).fill(0) }],
  CumSum: ([x]) => {
    let sum = 0;
    return [{ ...x, data: x.data.map((v) => (sum += v)) }];
  },
  Div: pairwise((x, y) => x / y),
  Erf: each(erf),
  Exp: each(exp),
  FusedMatMul: ([a, b], { transA, transB, alpha = 1 }) => {
    const { dims, data } = matmul(transA ? swapLast(a) : a, transB ? swapLast(b) : b);
    return [{ dims, data: data.map((x) => x * (alpha as number)) }];
  },
  Gather: ([x, indices], { axis = 0 }) => [gather(x, indices, axisOf(axis as number, x))],
  GatherND: ([x, indices]) => [gather(x, { dims: [indices.dims[0]], data: indices.data }, 0)],
  Gemm: ([a, b, c], { transA, transB, alpha = 1 }) => {
    const { dims, data } = matmul(transA ? swapLast(a) : a, transB ? swapLast(b) : b);
    const product = { dims, data: data.map((x) => x * (alpha as number)) };
    return [c ? broadcast(product, c, (x, y) => x + y) : product];
  },
  Identity: ([x]) => [x],
  LayerNormalization: ([x, weight, bias], { epsilon }) => {
    const mean = reduce(x, [-1], true, true);
    const centred = broadcast(x, mean, (a, b) => a - b);
    const variance = reduce({ ...centred, data: centred.data.map((v) => v * v) }, [-1], true, true);
    const inverse = { ...variance, data: variance.data.map((v) => 1 / sqrt(v + (epsilon as number))) };
    const scaled = broadcast(
      broadcast(centred, inverse, (a, b) => a * b),
      weight,
      (a, b) => a * b,
    );
    return [broadcast(scaled, bias, (a, b) => a + b), mean, inverse];
  },
  LogSoftmax: ([x]) => [byRow(x, logSoftmax)],
  Max: pairwise((x, y) => max(x, y)),
  Mul: pairwise((x, y) => x * y),
  Neg: each((x) => -x),
  NonZero: ([x]) => {
    const data = x.data.flatMap((v, i) => (v === 0 ? [] : [i]));
    return [{ dims: [1, data.length], data }];
  },
  Pad: ([x, pads]) => [pad(x, pads.data)],
  Range: ([from, to, step]) => {
    const length = (to.data[0] - from.data[0]) / step.data[0];
    return [{ dims: [length], data: Array.from({ length }, (_, i) => from.data[0] + i * step.data[0]) }];
  },
  ReduceMean: ([x], { axes, keepdims = 1 }) => [reduce(x, list(axes), keepdims === 1, true)],
  ReduceSum: ([x, axes], { keepdims = 1 }) => [reduce(x, axes && [...axes.data], keepdims === 1, false)],
  Reshape: ([x, shape]) => {
    const known = shape.data.reduce((product, n) => (n < 0 ? product : product * n), 1);
    return [{ dims: shape.data.map((n) => (n < 0 ? x.data.length / known : n)), data: x.data }];
  },
  ScatterND: ([x, indices, rows]) => {
    const width = size(x.dims.slice(1));
    const data = [...x.data];
    indices.data.forEach((row, i) =>
      data.splice(row * width, width, ...rows.data.slice(i * width, (i + 1) * width)),
    );
    return [{ dims: x.dims, data }];
  },
  Shape: ([{ dims }], { start = 0, end = dims.length }) => {
    const data = dims.slice(start as number, min(end as number, dims.length));
    return [{ dims: [data.length], data }];
  },
  Softmax: ([x]) => [byRow(x, (row) => logSoftmax(row).map(exp))],
  Split: ([x, lengths], { axis }, outputs) => {
    const along = axisOf(axis as number, x);
    const equal = x.dims[along] / outputs;
    let from = 0;
    return Array.from({ length: outputs }, (_, i) => {
      const length = lengths ? lengths.data[i] : equal;
      const data = Array.from({ length }, (_, k) => from + k);
      from += length;
      return gather(x, { dims: [length], data }, along);
    });
  },
  Squeeze: ([x, axes]) => {
    const gone = axes && [...axes.data].map((axis) => axisOf(axis, x));
    return [{ dims: x.dims.filter((n, i) => (gone ? !gone.includes(i) : n !== 1)), data: x.data }];
  },
  Sub: pairwise((x, y) => x - y),
  Tanh: each(tanh),
  Transpose: ([x], { perm }) => [transpose(x, perm as number[])],
  Unsqueeze: ([x, axes]) => {
    const dims = [...x.dims];
    for (const axis of [...axes.data].sort((a, b) => a - b)) dims.splice(axis, 0, 1);
    return [{ dims, data: x.data }];
  },
  Where: ([condition, a, b]) => {
    const chosen = broadcast(condition, a, (c, x) => (c === 0 ? Number.NaN : x));
    const other = broadcast(condition, b, (c, y) => (c === 0 ? y : Number.NaN));
    return [broadcast(chosen, other, (x, y) => (Number.isNaN(x) ? y : x))];
  },
};

/**
 * Executes a graph in float64, operator by operator. Constants stay what the graph stores, float32.
 * @returns every value of the graph by name
 */
export function evaluate(graph: GraphProto, inputs: ReadonlyMap<string, Value>): Map<string, Value> {
  const values = new Map(inputs);
  for (const tensor of graph.initializer) values.set(tensor.name, constant(tensor));
  for (const node of graph.node) {
    const operator = OPERATORS[node.opType];
    if (!operator) throw new Error(`no operator ${node.opType} in float64`);
    const given = node.input.map((name) => {
      const value = values.get(name);
      if (!value) throw new Error(`${node.opType} reads ${name}, which nothing gives`);
      return value;
    });
    const found = operator(given, attributes(node), node.output.length);
    node.output.forEach((name, i) => values.set(name, found[i]));
  }
  return values;
}

function constant({ dims, dataType, rawData }: TensorProto): Value {
  const bytes = Uint8Array.from(rawData!).buffer;
  const data =
    dataType === DataType.INT64
      ? Array.from(new BigInt64Array(bytes), Number)
      : Array.from(new Float32Array(bytes));
  return { dims: dims.map(Number), data };
}

function attributes({ attribute }: NodeProto): Attributes {
  return Object.fromEntries(attribute.map((a) => [a.name, attributeValue(a)]));
}

function attributeValue({ type, f, i, ints }: AttributeProto): number | number[] | undefined {
  if (type === AttributeType.FLOAT) return f;
  return type === AttributeType.INTS ? ints!.map(Number) : Number(i);
}
