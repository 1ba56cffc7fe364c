import { targets } from '../../distillation/src/loss.js';
import type { LossSettings, Targets } from '../../distillation/src/loss.js';
import { buildTrainingGraph, gradientOf, graphParameters } from '../../distillation/src/student.js';
import { Tape, type Layout } from '../../distillation/src/tape.js';
import { randomWeights } from '../../models/src/structures/random-weights.js';
import { Graph } from '../../models/src/onnx/graph.js';
import { decodeModel } from '../../models/src/onnx/proto.js';
import type { GraphProto } from '../../models/src/onnx/proto.js';
import { Random } from '../../models/src/common/random.js';
import { erf, evaluate } from './float64.js';
import type { Value } from './float64.js';

const { abs, max, sqrt } = Math;

/** Step of the central differences: their error is of the order of its square, 1e-8, and rounding adds about 1e-12. */
const STEP = 1e-4;
/** Largest difference from the gradient, relative to the gradient's largest number; float32 constants take 1e-8 of it. */
const BOUND = 1e-6;

function tensor(dims: readonly number[], random: Random, deviation = 1): Value {
  const length = dims.reduce((product, n) => product * n, 1);
  return { dims, data: Array.from({ length }, () => deviation * sqrt(12) * (random.next() - 0.5)) };
}

/** Number by number: the gradient values of a graph against central differences of its loss, all in float64. */
function expectGradients(
  graph: GraphProto,
  inputs: ReadonlyMap<string, Value>,
  loss: string,
  gradients: ReadonlyMap<string, string>,
): void {
  const base = evaluate(graph, inputs);
  for (const [name, gradient] of gradients) {
    const { dims, data } = inputs.get(name)!;
    const found = base.get(gradient)!;
    expect({ name, dims: found.dims }).toEqual({ name, dims });
    const most = found.data.reduce((so, x) => max(so, abs(x)), 0);
    // All logits, or all keys of a head, moved alike change no softmax and no margin.
    const still = /^classifier\.bias$|\bkey\.bias$/.test(name);
    expect({ name, flows: most > 1e-9 }).toEqual({ name, flows: !still });
    const scale = still ? 1 : most;
    for (let i = 0; i < data.length; i++) {
      const at = (step: number): number => {
        const moved = data.map((x, k) => (k === i ? x + step : x));
        return evaluate(graph, new Map([...inputs, [name, { dims, data: moved }]])).get(loss)!.data[0];
      };
      const expected = (at(STEP) - at(-STEP)) / (2 * STEP);
      const error = abs(found.data[i] - expected) / scale;
      if (!(error <= BOUND)) {
        throw new Error(`${name}[${i}]: gradient ${found.data[i]}, differences ${expected}`);
      }
    }
  }
}

type Shapes = Readonly<Record<string, readonly number[]>>;
/** Gives the values whose weighted sum is differentiated. */
type Build = (t: Tape, names: Record<string, string>) => string | string[];

/** Two pairs of 3 and 1 rows at places of two times 3. */
const layout = (g: Graph): Layout => ({ slots: g.int([0, 1, 2, 3, 4, 4]), places: g.int([0, 1, 2, 3]) });

const OPERATORS: readonly (readonly [name: string, inputs: Shapes, build: Build])[] = [
  ['add', { a: [2, 3], b: [2, 3] }, (t, { a, b }) => t.add(a, b)],
  ['add of a value to itself', { a: [2, 3] }, (t, { a }) => t.add(a, a)],
  ['multiply', { a: [2, 3], b: [2, 3] }, (t, { a, b }) => t.multiply(a, b)],
  ['multiply of a value by itself', { a: [2, 3] }, (t, { a }) => t.multiply(a, a)],
  ['linear', { x: [4, 3], w: [5, 3], b: [5] }, (t, { x, w, b }) => t.linear(x, w, b)],
  ['linear without bias', { x: [4, 3], w: [5, 3] }, (t, { x, w }) => t.linear(x, w)],
  ['linear, scaled', { x: [4, 3], w: [5, 3] }, (t, { x, w }) => t.linear(x, w, undefined, 0.7)],
  [
    'linear, twice of one value',
    { x: [4, 3], w: [5, 3], v: [2, 3] },
    (t, { x, w, v }) => [t.linear(x, w), t.linear(x, v)],
  ],
  [
    'attention, a key left out',
    { q: [2, 2, 3, 4], k: [2, 2, 5, 4], v: [2, 2, 5, 4] },
    (t, { q, k, v }) => t.attention(q, k, v, t.graph.float([0, 0.5, -1e9, -1, 0.3], [1, 1, 5]), 0.7),
  ],
  ['layerNorm', { x: [3, 5], w: [5], b: [5] }, (t, { x, w, b }) => t.layerNorm(x, w, b, 1e-5)],
  ['gatedErf', { x: [4, 5], v: [4, 5] }, (t, { x, v }) => t.gatedErf(x, v)],
  ['tanh', { x: [4, 5] }, (t, { x }) => t.tanh(x)],
  ['split', { x: [6, 2] }, (t, { x }) => t.split(x, 3)],
  ['toPlaces', { x: [4, 3] }, (t, { x }) => t.toPlaces(x, layout(t.graph))],
  ['toRows', { x: [6, 3] }, (t, { x }) => t.toRows(x, layout(t.graph))],
  ['toHeads', { x: [6, 4] }, (t, { x }) => t.toHeads(x, t.graph.int([2]), 2, 2)],
  ['fromHeads', { x: [2, 2, 3, 2] }, (t, { x }) => t.fromHeads(x, t.graph.int([2]), 2, 2)],
  [
    'rowsAt',
    { x: [6, 4] },
    (t, { x }) => t.rowsAt(x, t.graph.op('Unsqueeze', [t.graph.int([4, 0]), t.graph.int([1])])),
  ],
  ['scale', { x: [2, 3] }, (t, { x }) => t.scale(x, 1.75)],
  ['reshape', { x: [2, 6] }, (t, { x }) => t.reshape(x, t.graph.int([3, 4]))],
  [
    'crossEntropy, a group without target',
    { x: [3, 3] },
    (t, { x }) =>
      t.crossEntropy(x, t.graph.float([0, 1, 0, 0, 0, 0, 0.5, 0.25, 0.25], [3, 3]), t.graph.int([3])),
  ],
  [
    'crossEntropy over known candidates',
    { x: [2, 3] },
    (t, { x }) =>
      t.crossEntropy(
        x,
        t.graph.float([0.75, 0, 0.25, 0.2, 0.3, 0.5], [2, 3]),
        t.graph.int([2]),
        t.graph.float([1, 0, 1, 1, 1, 1], [2, 3]),
      ),
  ],
  [
    'marginError',
    { x: [3, 3] },
    (t, { x }) =>
      t.marginError(
        x,
        t.graph.float([0.5, 0, -1, 2, 1, 0.5, 1, 0, 0], [3, 3]),
        t.graph.float([1, 0, 1, 1, 1, 1, 1, 0, 0], [3, 3]),
        t.graph.int([3]),
      ),
  ],
];

describe('the gradient of each operator of the tape', () => {
  it.each(OPERATORS)('%s is what central differences show in float64', (_, shapes, build) => {
    const random = new Random(11);
    const g = new Graph('operator');
    const t = new Tape(g);
    const inputs = new Map<string, Value>();
    for (const [name, dims] of Object.entries(shapes)) {
      t.parameter(name, dims);
      inputs.set(name, tensor(dims, random));
    }
    const outputs = [build(t, Object.fromEntries(Object.keys(shapes).map((name) => [name, name])))].flat();
    // Every number of the outputs weighs differently in the loss: the squares' sum of W y, W random.
    const values = evaluate(g.toProto(), inputs);
    const losses = outputs.map((output, i) => {
      const { data } = values.get(output)!;
      const weight = tensor([3, data.length], random, 1);
      inputs.set(`weight${i}`, weight);
      const row = t.reshape(output, g.int([1, data.length]));
      const mixed = t.linear(row, g.input(`weight${i}`, 1, weight.dims));
      inputs.set('ones', tensor([1, 3], random));
      return t.linear(t.multiply(mixed, mixed), i === 0 ? g.input('ones', 1, [1, 3]) : 'ones');
    });
    const total = losses.reduce((a, b) => t.add(a, b));
    const loss = t.reshape(total, g.int([1, 1]));
    t.backward(loss);
    const gradients = new Map(Object.keys(shapes).map((name) => [name, t.gradient(name)]));
    expectGradients(g.toProto(), inputs, loss, gradients);
  });

  it('is tested of every operator there is', () => {
    const notOperators = ['constructor', 'parameter', 'backward', 'gradient'];
    const internal = ['record', 'flow', 'accumulate', 'atPlaces', 'count', 'columnSums', 'flatten'];
    const all = Object.getOwnPropertyNames(Tape.prototype).filter(
      (name) => ![...notOperators, ...internal].includes(name),
    );
    const tested = new Set(OPERATORS.map(([name]) => name.split(/[ ,]/)[0]));
    expect([...tested].sort()).toEqual(all.sort());
  });
});

describe('the gradient of the whole student', () => {
  it('is what central differences of its loss show in float64, for every parameter', () => {
    const a = { layers: 2, hidden: 4, heads: 2, intermediate: 3, vocabulary: 5 };
    const loss: LossSettings = { contrastive: 0.3, kl: 1, marginMse: 0.2, temperature: 0.5, scale: 2 };
    const [pairs, sequence] = [4, 3];
    const goal = targets(
      [
        { positive: 0, scores: [0.7, 0.2] },
        { positive: -1, scores: [0.3, 1] },
      ],
      2,
      loss.temperature,
    );
    const random = new Random(5);
    const read = randomWeights(a, 9);
    const inputs = new Map<string, Value>();
    for (const [name, dims] of graphParameters(a)) inputs.set(name, { dims, data: [...read(name)] });
    const mask = [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0];
    inputs.set('embedded', tensor([mask.filter((bit) => bit === 1).length, a.hidden], random));
    inputs.set('attention_mask', { dims: [pairs, sequence], data: mask });
    for (const name of ['positive', 'known', 'scores', 'distribution'] as const satisfies (keyof Targets)[]) {
      inputs.set(name, { dims: [2, 2], data: [...goal[name]] });
    }
    const { graph } = decodeModel(buildTrainingGraph(a, loss));
    const wanted = [...graphParameters(a).keys(), 'embedded'];
    expectGradients(graph, inputs, 'loss', new Map(wanted.map((name) => [name, gradientOf(name)])));
  });
});

describe('the float64 reference', () => {
  it.each([
    [0.5, 0.5204998778130465],
    [2.9, 0.9999589021219005],
    [3.1, 0.9999883513426328],
    [-1, -0.8427007929497149],
  ])('knows erf(%d)', (x, expected) => {
    expect(abs(erf(x) - expected)).toBeLessThan(1e-14);
  });
});
