import { DataType, type Graph, MICROSOFT } from '@sagemaker-reranker/models/build';

type Backward = (gradient: string) => void;

/** Where the rows of a ragged batch lie in the padded one. */
export interface Layout {
  /** int64 [pairs x sequence]: each place's row, the number of rows where a pair has ended. */
  readonly slots: string;
  /** int64 [rows]: each row's place. */
  readonly places: string;
}

/** Added to a logit that a softmax must leave out: its exponential is exactly 0, and a row of them stays finite. */
const ABSENT = -1e9;

/**
 * Reverse-mode differentiation over an ONNX graph: each method adds an operator to the graph and remembers how its
 * gradient flows; `backward` then adds the gradient operators, last to first. ONNX Runtime executes both directions.
 * Shapes are written as comments in row-major order; every value is float32.
 */
export class Tape {
  readonly #records: { output: string; backward: Backward }[] = [];
  readonly #gradients = new Map<string, string>();

  constructor(readonly graph: Graph) {}

  /** A graph input that wants a gradient. */
  parameter(name: string, dims: readonly (number | string)[]): string {
    return this.graph.input(name, DataType.FLOAT, dims);
  }

  /** a + b of equal shapes. */
  add(a: string, b: string): string {
    return this.#record(this.graph.op('Add', [a, b]), (dy) => {
      this.#flow(a, () => dy);
      this.#flow(b, () => dy);
    });
  }

  /** a * b of equal shapes. */
  multiply(a: string, b: string): string {
    return this.#record(this.graph.op('Mul', [a, b]), (dy) => {
      this.#flow(a, () => this.graph.op('Mul', [dy, b]));
      this.#flow(b, () => this.graph.op('Mul', [dy, a]));
    });
  }

  /** alpha x W^T + b: x [n, in], weight [out, in], bias [out]. */
  linear(x: string, weight: string, bias?: string, alpha = 1): string {
    const g = this.graph;
    const gemm = (inputs: readonly string[], flags: Record<string, number>): string =>
      g.op('Gemm', inputs, { ...flags, alpha: { float: alpha } });
    return this.#record(gemm(bias ? [x, weight, bias] : [x, weight], { transB: 1 }), (dy) => {
      // What is known already is added while the product is written.
      this.#accumulate(x, (known) => gemm(known ? [dy, weight, known] : [dy, weight], {}));
      this.#flow(weight, () => gemm([dy, x], { transA: 1 }));
      if (bias) this.#flow(bias, () => this.#columnSums(dy));
    });
  }

  /**
   * softmax(alpha q k^T + bias) v over the last two dimensions: q [.., n, d], k and v [.., m, d] of equal leading
   * dimensions, bias broadcast to [.., n, m]; no gradient flows to it.
   * The gradient of the softmax takes the rows' sums of weights times their gradients from result times its gradient,
   * which are equal and shorter (Dao et al., FlashAttention, arXiv 2205.14135).
   */
  attention(q: string, k: string, v: string, bias: string, alpha: number): string {
    const g = this.graph;
    const product = (a: string, b: string, flags: Record<string, number>, factor = 1): string =>
      g.op('FusedMatMul', [a, b], { ...flags, alpha: { float: factor } }, MICROSOFT);
    const scores = product(q, k, { transB: 1 }, alpha);
    const weights = g.op('Softmax', [g.op('Add', [scores, bias])], { axis: -1 });
    const y = product(weights, v, {});
    return this.#record(y, (dy) => {
      const sums = g.op('ReduceSum', [g.op('Mul', [dy, y]), g.int([-1])], { keepdims: 1 });
      const difference = g.op('Sub', [product(dy, v, { transB: 1 }), sums]);
      const dScores = g.op('Mul', [weights, difference]);
      this.#flow(v, () => product(weights, dy, { transA: 1 }));
      this.#flow(q, () => product(dScores, k, {}, alpha));
      this.#flow(k, () => product(dScores, q, { transA: 1 }, alpha));
    });
  }

  /** Layer normalisation of each row of x [n, m] with weight and bias [m]. */
  layerNorm(x: string, weight: string, bias: string, epsilon: number): string {
    const g = this.graph;
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const [y, mean, inverse] = g.ops('LayerNormalization', [x, weight, bias], 3, attributes) as [
      string,
      string,
      string,
    ];
    return this.#record(y, (dy) => {
      const normal = g.op('Mul', [g.op('Sub', [x, mean]), inverse]);
      this.#flow(weight, () => this.#columnSums(g.op('Mul', [dy, normal])));
      this.#flow(bias, () => this.#columnSums(dy));
      this.#flow(x, () => {
        const d = g.op('Mul', [dy, weight]);
        const rowMean = (v: string): string => g.op('ReduceMean', [v], { axes: [-1], keepdims: 1 });
        const along = g.op('Mul', [normal, rowMean(g.op('Mul', [d, normal]))]);
        return g.op('Mul', [g.op('Sub', [g.op('Sub', [d, rowMean(d)]), along]), inverse]);
      });
    });
  }

  /**
   * x (1 + erf x) v of equal shapes: with x = gate / sqrt(2) and v = up / sqrt(2) it is GELU(gate) up, the exact GELU, without
   * an operator for the factors.
   */
  gatedErf(x: string, v: string): string {
    const g = this.graph;
    const twice = g.op('Add', [g.op('Erf', [x]), g.float(1)]);
    const gate = g.op('Mul', [x, twice]);
    return this.#record(g.op('Mul', [gate, v]), (dy) => {
      this.#flow(v, () => g.op('Mul', [dy, gate]));
      this.#flow(x, () => {
        // Derivative of erf: 2 / sqrt(pi) exp(-x^2), its factor inside the exponential.
        const exponent = g.op('Sub', [g.float(Math.log(2 / Math.sqrt(Math.PI))), g.op('Mul', [x, x])]);
        const slope = g.op('Add', [twice, g.op('Mul', [x, g.op('Exp', [exponent])])]);
        return g.op('Mul', [g.op('Mul', [dy, v]), slope]);
      });
    });
  }

  tanh(x: string): string {
    const g = this.graph;
    const y = g.op('Tanh', [x]);
    return this.#record(y, (dy) => {
      this.#flow(x, () => g.op('Mul', [dy, g.op('Sub', [g.float(1), g.op('Mul', [y, y])])]));
    });
  }

  /** Cuts x into `count` equal parts along its first dimension. */
  split(x: string, count: number): string[] {
    const parts = this.graph.ops('Split', [x], count, { axis: 0 });
    const gradients: (string | undefined)[] = parts.map(() => undefined);
    parts.forEach((part, i) => {
      this.#record(part, (dy) => {
        gradients[i] = dy;
        // Records run last to first, so the first part comes when all the others are known.
        if (i === 0) this.#flow(x, () => this.graph.op('Concat', gradients as string[], { axis: 0 }));
      });
    });
    return parts;
  }

  /** Rows of pairs at their places in the batch: [rows, n] to [pairs x sequence, n], zeros where a pair has ended. */
  toPlaces(x: string, { slots, places }: Layout): string {
    return this.#record(this.#atPlaces(x, slots), (dy) => {
      this.#flow(x, () => this.graph.op('Gather', [dy, places], { axis: 0 }));
    });
  }

  /** The other way round, padding left out: [pairs x sequence, n] to [rows, n]. */
  toRows(x: string, { slots, places }: Layout): string {
    return this.#record(this.graph.op('Gather', [x, places], { axis: 0 }), (dy) => {
      this.#flow(x, () => this.#atPlaces(dy, slots));
    });
  }

  /** [batch x sequence, heads x width] to [batch, heads, sequence, width]. */
  toHeads(x: string, batch: string, heads: number, width: number): string {
    const g = this.graph;
    const shape = g.op('Concat', [batch, g.int([-1, heads, width])], { axis: 0 });
    const y = g.op('Transpose', [g.op('Reshape', [x, shape])], { perm: [0, 2, 1, 3] });
    return this.#record(y, (dy) => {
      this.#flow(x, () => this.#flatten(dy, heads * width));
    });
  }

  /** [batch, heads, sequence, width] to [batch x sequence, heads x width]. */
  fromHeads(x: string, batch: string, heads: number, width: number): string {
    const g = this.graph;
    return this.#record(this.#flatten(x, heads * width), (dy) => {
      this.#flow(x, () => {
        const shape = g.op('Concat', [batch, g.int([-1, heads, width])], { axis: 0 });
        return g.op('Transpose', [g.op('Reshape', [dy, shape])], { perm: [0, 2, 1, 3] });
      });
    });
  }

  /** The rows of x [n, m] at indices int64 [k, 1], all different: [k, m]. */
  rowsAt(x: string, indices: string): string {
    const g = this.graph;
    return this.#record(g.op('GatherND', [x, indices]), (dy) => {
      this.#flow(x, () => g.op('ScatterND', [g.op('ConstantOfShape', [g.op('Shape', [x])]), indices, dy]));
    });
  }

  /** factor x, factor a constant. */
  scale(x: string, factor: number): string {
    const g = this.graph;
    return this.#record(g.op('Mul', [x, g.float(factor)]), (dy) => {
      this.#flow(x, () => g.op('Mul', [dy, g.float(factor)]));
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
    const count = this.#count(groups);
    const loss = g.op('Neg', [
      g.op('Div', [g.op('ReduceSum', [g.op('Mul', [target, log])], { keepdims: 0 }), count]),
    ]);
    return this.#record(loss, (dy) => {
      this.#flow(logits, () => {
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
    const weighted = g.op('Div', [centred, g.op('Mul', [pairs, this.#count(groups)])]);
    const squares = g.op('ReduceSum', [g.op('Mul', [weighted, centred])], { keepdims: 0 });
    return this.#record(g.op('Mul', [squares, g.float(2)]), (dy) => {
      this.#flow(x, () => g.op('Mul', [g.op('Mul', [weighted, g.float(4)]), dy]));
    });
  }

  /** x in another shape of as many numbers. */
  reshape(x: string, shape: string): string {
    const g = this.graph;
    return this.#record(g.op('Reshape', [x, shape]), (dy) => {
      this.#flow(x, () => g.op('Reshape', [dy, g.op('Shape', [x])]));
    });
  }

  /** Adds the operators of the gradient of `loss`, a scalar; afterwards `gradient` names each one. */
  backward(loss: string): void {
    this.#gradients.set(loss, this.graph.float(1));
    for (const { output, backward } of [...this.#records].reverse()) {
      const gradient = this.#gradients.get(output);
      if (gradient !== undefined) backward(gradient);
    }
  }

  /** @throws Error when the loss does not depend on the value. */
  gradient(value: string): string {
    const gradient = this.#gradients.get(value);
    if (gradient === undefined) throw new Error(`the loss does not depend on ${value}`);
    return gradient;
  }

  #record(output: string, backward: Backward): string {
    this.#records.push({ output, backward });
    return output;
  }

  /** Adds a contribution to the gradient of `value`. */
  #flow(value: string, emit: () => string): void {
    this.#accumulate(value, (known) => (known ? this.graph.op('Add', [known, emit()]) : emit()));
  }

  /** Adds to the gradient of `value` what `emit` makes of the contributions so far. */
  #accumulate(value: string, emit: (known: string | undefined) => string): void {
    this.#gradients.set(value, emit(this.#gradients.get(value)));
  }

  /** [rows, n] to [places, n]: the row of each slot, zeros for a slot behind the last row. */
  #atPlaces(x: string, slots: string): string {
    const g = this.graph;
    return g.op('Gather', [g.op('Pad', [x, g.int([0, 0, 1, 0])]), slots], { axis: 0 });
  }

  #count(groups: string): string {
    return this.graph.op('Cast', [this.graph.op('Squeeze', [groups])], { to: DataType.FLOAT });
  }

  #columnSums(x: string): string {
    return this.graph.op('ReduceSum', [x, this.graph.int([0])], { keepdims: 0 });
  }

  #flatten(x: string, hidden: number): string {
    const g = this.graph;
    return g.op('Reshape', [g.op('Transpose', [x], { perm: [0, 2, 1, 3] }), g.int([-1, hidden])]);
  }
}
