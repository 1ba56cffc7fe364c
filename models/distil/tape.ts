import type { Graph } from '../onnx/graph';
import { MICROSOFT } from '../onnx/graph';
import { DataType } from '../onnx/proto';

type Backward = (gradient: string) => void;

/** Added to a logit that a softmax must leave out: its exponential is exactly 0, and a row of them stays finite. */
const ABSENT = -1e9;

/**
 * Reverse-mode differentiation over an ONNX graph: each method adds an operator to the graph and remembers how its
 * gradient flows; `backward` then adds the gradient operators, last to first. ONNX Runtime executes both directions.
 * Shapes are written as comments in row-major order; every value is float32.
 */
export class Tape {
  private readonly records: { output: string; backward: Backward }[] = [];
  private readonly gradients = new Map<string, string>();

  constructor(readonly graph: Graph) {}

  /** A graph input that wants a gradient. */
  parameter(name: string, dims: readonly (number | string)[]): string {
    return this.graph.input(name, DataType.FLOAT, dims);
  }

  /** a + b of equal shapes. */
  add(a: string, b: string): string {
    return this.record(this.graph.op('Add', [a, b]), (dy) => {
      this.flow(a, () => dy);
      this.flow(b, () => dy);
    });
  }

  /** a * b of equal shapes. */
  multiply(a: string, b: string): string {
    return this.record(this.graph.op('Mul', [a, b]), (dy) => {
      this.flow(a, () => this.graph.op('Mul', [dy, b]));
      this.flow(b, () => this.graph.op('Mul', [dy, a]));
    });
  }

  /** x W^T + b: x [n, in], weight [out, in], bias [out]. */
  linear(x: string, weight: string, bias?: string): string {
    const g = this.graph;
    const y = g.op('Gemm', bias ? [x, weight, bias] : [x, weight], { transB: 1 });
    return this.record(y, (dy) => {
      this.flow(x, () => g.op('Gemm', [dy, weight]));
      this.flow(weight, () => g.op('Gemm', [dy, x], { transA: 1 }));
      if (bias) this.flow(bias, () => this.columnSums(dy));
    });
  }

  /** alpha a b^T over the last two dimensions: a [.., n, d], b [.., m, d] of equal leading dimensions. */
  matmulTransposed(a: string, b: string, alpha = 1): string {
    const product = (p: string, q: string, flags: Record<string, number>): string =>
      this.graph.op('FusedMatMul', [p, q], { ...flags, alpha: { float: alpha } }, MICROSOFT);
    return this.record(product(a, b, { transB: 1 }), (dy) => {
      this.flow(a, () => product(dy, b, {}));
      this.flow(b, () => product(dy, a, { transA: 1 }));
    });
  }

  /** a b over the last two dimensions: a [.., n, m], b [.., m, d] of equal leading dimensions. */
  matmul(a: string, b: string): string {
    const product = (p: string, q: string, flags: Record<string, number>): string =>
      this.graph.op('FusedMatMul', [p, q], flags, MICROSOFT);
    return this.record(product(a, b, {}), (dy) => {
      this.flow(a, () => product(dy, b, { transB: 1 }));
      this.flow(b, () => product(a, dy, { transA: 1 }));
    });
  }

  /** Softmax over the last dimension of x + bias; no gradient flows to the bias, which may broadcast. */
  softmax(x: string, bias: string): string {
    const g = this.graph;
    const y = g.op('Softmax', [g.op('Add', [x, bias])], { axis: -1 });
    return this.record(y, (dy) => {
      this.flow(x, () => {
        const weighted = g.op('Mul', [dy, y]);
        const sums = g.op('ReduceSum', [weighted, g.int([-1])], { keepdims: 1 });
        return g.op('Sub', [weighted, g.op('Mul', [y, sums])]);
      });
    });
  }

  /** Layer normalisation of each row of x [n, m] with weight and bias [m]. */
  layerNorm(x: string, weight: string, bias: string, epsilon: number): string {
    const g = this.graph;
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const [y, mean, inverse] = g.ops('LayerNormalization', [x, weight, bias], 3, attributes);
    return this.record(y, (dy) => {
      const normal = g.op('Mul', [g.op('Sub', [x, mean]), inverse]);
      this.flow(weight, () => this.columnSums(g.op('Mul', [dy, normal])));
      this.flow(bias, () => this.columnSums(dy));
      this.flow(x, () => {
        const d = g.op('Mul', [dy, weight]);
        const rowMean = (v: string): string => g.op('ReduceMean', [v], { axes: [-1], keepdims: 1 });
        const along = g.op('Mul', [normal, rowMean(g.op('Mul', [d, normal]))]);
        return g.op('Mul', [g.op('Sub', [g.op('Sub', [d, rowMean(d)]), along]), inverse]);
      });
    });
  }

  /** Exact GELU, x Phi(x). */
  gelu(x: string): string {
    const g = this.graph;
    const erf = g.op('Erf', [g.op('Mul', [x, g.float(Math.SQRT1_2)])]);
    const phi = g.op('Mul', [g.op('Add', [erf, g.float(1)]), g.float(0.5)]);
    return this.record(g.op('Mul', [x, phi]), (dy) => {
      this.flow(x, () => {
        const exponent = g.op('Mul', [g.op('Mul', [x, x]), g.float(-0.5)]);
        const density = g.op('Mul', [g.op('Exp', [exponent]), g.float(1 / Math.sqrt(2 * Math.PI))]);
        return g.op('Mul', [dy, g.op('Add', [phi, g.op('Mul', [x, density])])]);
      });
    });
  }

  tanh(x: string): string {
    const g = this.graph;
    const y = g.op('Tanh', [x]);
    return this.record(y, (dy) => {
      this.flow(x, () => g.op('Mul', [dy, g.op('Sub', [g.float(1), g.op('Mul', [y, y])])]));
    });
  }

  /** Joins values along an axis; `sizes` are their lengths on it. */
  concat(parts: readonly string[], axis: number, sizes: readonly number[]): string {
    const g = this.graph;
    return this.record(g.op('Concat', parts, { axis }), (dy) => {
      const slices = g.ops('Split', [dy, g.int(sizes)], parts.length, { axis });
      parts.forEach((part, i) => this.flow(part, () => slices[i]));
    });
  }

  /** Cuts x into `count` equal parts along its last dimension. */
  split(x: string, count: number): string[] {
    const parts = this.graph.ops('Split', [x], count, { axis: -1 });
    const gradients: (string | undefined)[] = parts.map(() => undefined);
    parts.forEach((part, i) => {
      this.record(part, (dy) => {
        gradients[i] = dy;
        // Records run last to first, so the first part comes when all the others are known.
        if (i === 0) this.flow(x, () => this.graph.op('Concat', gradients as string[], { axis: -1 }));
      });
    });
    return parts;
  }

  /** [batch x sequence, heads x width] to [batch, heads, sequence, width]. */
  toHeads(x: string, batch: string, heads: number, width: number): string {
    const g = this.graph;
    const shape = g.op('Concat', [batch, g.int([-1, heads, width])], { axis: 0 });
    const y = g.op('Transpose', [g.op('Reshape', [x, shape])], { perm: [0, 2, 1, 3] });
    return this.record(y, (dy) => {
      this.flow(x, () => this.flatten(dy, heads * width));
    });
  }

  /** [batch, heads, sequence, width] to [batch x sequence, heads x width]. */
  fromHeads(x: string, batch: string, heads: number, width: number): string {
    const g = this.graph;
    return this.record(this.flatten(x, heads * width), (dy) => {
      this.flow(x, () => {
        const shape = g.op('Concat', [batch, g.int([-1, heads, width])], { axis: 0 });
        return g.op('Transpose', [g.op('Reshape', [dy, shape])], { perm: [0, 2, 1, 3] });
      });
    });
  }

  /** First row of each item: [batch x sequence, hidden] to [batch, hidden]. */
  firstRows(x: string, batch: string, hidden: number): string {
    const g = this.graph;
    const items = g.op('Reshape', [x, g.op('Concat', [batch, g.int([-1, hidden])], { axis: 0 })]);
    return this.record(g.op('Gather', [items, g.int(0)], { axis: 1 }), (dy) => {
      this.flow(x, () => {
        const rest = g.op('Sub', [g.op('Shape', [items], { start: 1, end: 2 }), g.int([1])]);
        const pads = g.op('Concat', [g.int([0, 0, 0, 0]), rest, g.int([0])], { axis: 0 });
        const padded = g.op('Pad', [g.op('Unsqueeze', [dy, g.int([1])]), pads]);
        return g.op('Reshape', [padded, g.int([-1, hidden])]);
      });
    });
  }

  /** factor x, factor a constant. */
  scale(x: string, factor: number): string {
    const g = this.graph;
    return this.record(g.op('Mul', [x, g.float(factor)]), (dy) => {
      this.flow(x, () => g.op('Mul', [dy, g.float(factor)]));
    });
  }

  /**
   * Mean over groups of the cross-entropy between a target distribution and softmax(logits): logits and target
   * [groups, candidates], the rows of `target` summing to 1, or to 0 where a group has no target. With `known` (1 or 0,
   * of the same shape) the softmax leaves out the candidates of 0, whose targets must be 0 as well.
   * Differs from KL(target || softmax) by the target's entropy.
   * @returns float32 scalar; call `backward` on it.
   */
  crossEntropy(logits: string, target: string, groups: string, known?: string): string {
    const g = this.graph;
    const left = known && g.op('Mul', [g.op('Sub', [known, g.float(1)]), g.float(-ABSENT)]);
    const log = g.op('LogSoftmax', [left ? g.op('Add', [logits, left]) : logits], { axis: -1 });
    const count = this.count(groups);
    const loss = g.op('Neg', [
      g.op('Div', [g.op('ReduceSum', [g.op('Mul', [target, log])], { keepdims: 0 }), count]),
    ]);
    return this.record(loss, (dy) => {
      this.flow(logits, () => {
        const mass = g.op('ReduceSum', [target, g.int([-1])], { keepdims: 1 });
        const difference = g.op('Sub', [g.op('Mul', [g.op('Exp', [log]), mass]), target]);
        return g.op('Mul', [g.op('Div', [difference, count]), dy]);
      });
    });
  }

  /**
   * Mean over groups of the mean, over all pairs i, j of a group's n known candidates, of the squared difference of
   * margins ((x_i - x_j) - (target_i - target_j))^2: all of shape [groups, candidates], `known` being 1 or 0.
   * With d = x - target that is 2 / (n - 1) times the sum of (d_i - mean d)^2; groups of less than two known candidates
   * add 0.
   * @returns float32 scalar; call `backward` on it.
   */
  marginError(x: string, target: string, known: string, groups: string): string {
    const g = this.graph;
    const rowSum = (v: string): string => g.op('ReduceSum', [v, g.int([-1])], { keepdims: 1 });
    const present = rowSum(known);
    const d = g.op('Mul', [g.op('Sub', [x, target]), known]);
    const mean = g.op('Div', [rowSum(d), g.op('Max', [present, g.float(1)])]);
    const centred = g.op('Mul', [g.op('Sub', [d, mean]), known]);
    const pairs = g.op('Max', [g.op('Sub', [present, g.float(1)]), g.float(1)]);
    const weighted = g.op('Div', [centred, g.op('Mul', [pairs, this.count(groups)])]);
    const squares = g.op('ReduceSum', [g.op('Mul', [weighted, centred])], { keepdims: 0 });
    return this.record(g.op('Mul', [squares, g.float(2)]), (dy) => {
      this.flow(x, () => g.op('Mul', [g.op('Mul', [weighted, g.float(4)]), dy]));
    });
  }

  /** x in another shape of as many numbers. */
  reshape(x: string, shape: string): string {
    const g = this.graph;
    return this.record(g.op('Reshape', [x, shape]), (dy) => {
      this.flow(x, () => g.op('Reshape', [dy, g.op('Shape', [x])]));
    });
  }

  /** Adds the operators of the gradient of `loss`, a scalar; afterwards `gradient` names each one. */
  backward(loss: string): void {
    this.gradients.set(loss, this.graph.float(1));
    for (const { output, backward } of [...this.records].reverse()) {
      const gradient = this.gradients.get(output);
      if (gradient !== undefined) backward(gradient);
    }
  }

  /** @throws Error when the loss does not depend on the value. */
  gradient(value: string): string {
    const gradient = this.gradients.get(value);
    if (gradient === undefined) throw new Error(`the loss does not depend on ${value}`);
    return gradient;
  }

  private record(output: string, backward: Backward): string {
    this.records.push({ output, backward });
    return output;
  }

  /** Adds a contribution to the gradient of `value`. */
  private flow(value: string, emit: () => string): void {
    const contribution = emit();
    const known = this.gradients.get(value);
    this.gradients.set(
      value,
      known === undefined ? contribution : this.graph.op('Add', [known, contribution]),
    );
  }

  private count(groups: string): string {
    return this.graph.op('Cast', [this.graph.op('Squeeze', [groups])], { to: DataType.FLOAT });
  }

  private columnSums(x: string): string {
    return this.graph.op('ReduceSum', [x, this.graph.int([0])], { keepdims: 0 });
  }

  private flatten(x: string, hidden: number): string {
    const g = this.graph;
    return g.op('Reshape', [g.op('Transpose', [x], { perm: [0, 2, 1, 3] }), g.int([-1, hidden])]);
  }
}
