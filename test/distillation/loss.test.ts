/** @jest-environment ./test/support/environment.js */
import { openSession, tensor, type Tensor } from '../../inference/src/runtime.js';
import type { Judged, LossSettings } from '../../distillation/src/loss.js';
import { lossSettings, needsTeacher, targets } from '../../distillation/src/loss.js';
import { Tape } from '../../distillation/src/tape.js';
import { Graph } from '../../models/src/onnx/graph.js';
import { DataType } from '../../models/src/onnx/proto.js';

const { exp, log, abs } = Math;

/** A group without scores, one without a positive, and one whose last candidate no teacher scored. */
const groups: Judged[] = [
  { positive: 1, scores: [undefined, undefined, undefined, undefined] },
  { positive: -1, scores: [0.9, 0.1, -0.4, 0.3] },
  { positive: 0, scores: [2, 1.5, -1, undefined] },
];
const logits = [0.3, -1.2, 2.4, 0.1, 1.5, 0.2, -0.7, 0.4, -0.3, 0.8, 1.1, 3];
const row = <T>(values: readonly T[], at: number): T[] => values.slice(4 * at, 4 * at + 4);

const softmax = (values: readonly number[]): number[] => {
  const sum = values.reduce((total, x) => total + exp(x), 0);
  return values.map((x) => exp(x) / sum);
};

/** The three terms by their definitions, in float64. */
const reference: Record<'contrastive' | 'kl' | 'marginMse', (x: readonly number[], t: number) => number> = {
  contrastive: (x) =>
    groups.reduce((sum, { positive }, i) => {
      return positive < 0 ? sum : sum - log(softmax(row(x, i))[positive]) / groups.length;
    }, 0),
  kl: (x, temperature) =>
    groups.reduce((sum, { scores }, i) => {
      const known = row(x, i).filter((_, k) => scores[k] !== undefined);
      const p = softmax(scores.filter((score) => score !== undefined).map((score) => score / temperature));
      const q = softmax(known);
      return sum + p.reduce((total, share, k) => total + share * log(share / q[k]), 0) / groups.length;
    }, 0),
  marginMse: (x, temperature) =>
    groups.reduce((sum, { scores }, i) => {
      const squares: number[] = [];
      scores.forEach((a, j) =>
        scores.slice(0, j).forEach((b, k) => {
          if (a === undefined || b === undefined) return;
          squares.push((row(x, i)[j] - row(x, i)[k] - (a - b) / temperature) ** 2);
        }),
      );
      return sum + squares.reduce((total, s) => total + s, 0) / Math.max(1, squares.length) / groups.length;
    }, 0),
};

async function termAndGradient(name: keyof typeof reference, temperature: number) {
  const g = new Graph('loss');
  const t = new Tape(g);
  const x = t.parameter('x', [3, 4]);
  const given = (input: string): string => g.input(input, DataType.FLOAT, [3, 4]);
  const count = g.int([3]);
  const loss =
    name === 'contrastive'
      ? t.crossEntropy(x, given('positive'), count)
      : name === 'kl'
        ? t.crossEntropy(x, given('distribution'), count, given('known'))
        : t.marginError(x, given('scores'), given('known'), count);
  t.backward(loss);
  g.output(g.ops('Identity', [loss], ['loss'])[0], DataType.FLOAT, []);
  g.output(g.ops('Identity', [t.gradient(x)], ['gradient'])[0], DataType.FLOAT, [3, 4]);
  const session = await openSession(g.toModel());
  const goal = targets(groups, 4, temperature);
  const feeds: Record<string, Tensor> = { x: tensor('float32', Float32Array.from(logits), [3, 4]) };
  for (const input of ['positive', 'known', 'scores', 'distribution'] as const) {
    if (session.inputNames.includes(input)) feeds[input] = tensor('float32', goal[input], [3, 4]);
  }
  const outputs = await session.run(feeds);
  const value = (outputs.loss.data as Float32Array)[0];
  return {
    value: name === 'kl' ? value - goal.entropy : value,
    gradient: [...(outputs.gradient.data as Float32Array)],
  };
}

describe.each(['contrastive', 'kl', 'marginMse'] as const)('the term %s', (name) => {
  const temperature = 0.6;

  it('is what its definition gives, and its gradient what finite differences of that give in float64', async () => {
    const { value, gradient } = await termAndGradient(name, temperature);
    expect(value).toBeCloseTo(reference[name](logits, temperature), 5);
    gradient.forEach((found, i) => {
      const at = (step: number): number =>
        reference[name](
          logits.map((x, k) => (k === i ? x + step : x)),
          temperature,
        );
      const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(abs(found - expected)).toBeLessThan(2e-6);
    });
  });
});

describe('the settings of a loss', () => {
  it('are the contrastive term alone where a recipe says nothing, and what it says otherwise', () => {
    expect(lossSettings(undefined)).toMatchObject({ contrastive: 1, kl: 0, marginMse: 0 });
    expect(needsTeacher(lossSettings(undefined))).toBe(false);
    const given: Partial<LossSettings> = { kl: 1, temperature: 0.05 };
    expect(lossSettings(given)).toEqual({ contrastive: 0, kl: 1, marginMse: 0, temperature: 0.05, scale: 1 });
    expect(needsTeacher(lossSettings(given))).toBe(true);
  });
});
