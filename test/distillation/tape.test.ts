/** @jest-environment ./test/support/environment.js */
import { openSession, tensor, type Tensor } from '../../inference/src/runtime.js';
import type { LossSettings } from '../../distillation/src/loss.js';
import { CONTRASTIVE_LOSS, targets } from '../../distillation/src/loss.js';
import { buildTrainingGraph, gradientOf, graphParameters } from '../../distillation/src/student.js';
import { randomWeights } from '../../models/src/structures/random-weights.js';
import { names } from '../../models/src/structures/jinabert.js';
import { Random } from '../../models/src/common/random.js';
import { forward } from '../support/oracle.js';

const a = { layers: 2, hidden: 12, heads: 3, intermediate: 10, vocabulary: 23 };

const teacher: LossSettings = { contrastive: 0.3, kl: 1, marginMse: 0.2, temperature: 0.5, scale: 2 };

describe.each([
  ['contrastive', CONTRASTIVE_LOSS],
  ['with a teacher', teacher],
])('the training graph, %s', (_, loss) => {
  const read = randomWeights(a, 9);
  const random = new Random(4);
  const lengths = [7, 5, 3, 7, 6, 4];
  const sequence = 7;
  const ids = lengths.map((length) => Array.from({ length }, () => random.below(a.vocabulary)));
  const types = ids.map((row) => row.map((_, i) => (i > 2 ? 1 : 0)));
  const goal = targets(
    [
      { positive: 0, scores: [0.7, 0.2, -0.1] },
      { positive: -1, scores: [0.3, undefined, 1] },
    ],
    3,
    loss.temperature,
  );

  function embedded(): Float32Array {
    const words = read(names.words);
    const typeTable = read(names.types);
    const rows = ids.flatMap((row, b) => row.map((id, s) => ({ id, type: types[b][s] })));
    const out = rows.flatMap(({ id, type }) =>
      Array.from({ length: a.hidden }, (_, h) => words[id * a.hidden + h] + typeTable[type * a.hidden + h]),
    );
    return Float32Array.from(out);
  }

  async function start() {
    const session = await openSession(buildTrainingGraph(a, loss), {
      graphOptimizationLevel: 'basic',
    });
    const values = new Map<string, Float32Array>([['embedded', embedded()]]);
    for (const name of graphParameters(a).keys()) values.set(name, read(name).slice());
    const run = async (): Promise<Record<string, Float32Array>> => {
      const mask = ids.flatMap((row) =>
        Array.from({ length: sequence }, (_, i) => (i < row.length ? 1n : 0n)),
      );
      const feeds: Record<string, Tensor> = {
        attention_mask: tensor('int64', BigInt64Array.from(mask), [ids.length, sequence]),
      };
      for (const name of ['positive', 'known', 'scores', 'distribution'] as const) {
        if (session.inputNames.includes(name)) feeds[name] = tensor('float32', goal[name], [2, 3]);
      }
      for (const [name, data] of values) {
        const dims = graphParameters(a).get(name) ?? [data.length / a.hidden, a.hidden];
        feeds[name] = tensor('float32', data, dims);
      }
      const outputs = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, value]) => [name, value.data as Float32Array]),
      );
    };
    return { values, run };
  }

  it('gives the logits of the forward pass', async () => {
    const { run } = await start();
    const { logits } = await run();
    ids.forEach((row, i) => expect(logits[i]).toBeCloseTo(forward(a, read, row, types[i]), 4));
  });

  it('gives the gradient that finite differences of the loss show, for every parameter', async () => {
    const { values, run } = await start();
    const base = await run();
    const probe = new Random(1);
    for (const [name, data] of values) {
      // A random direction checks all of a parameter's gradient at once.
      const direction = probe.array(data.length, 1);
      const expected = direction.reduce((sum, d, i) => sum + d * base[gradientOf(name)][i], 0);
      const original = data.slice();
      const step = name === 'embedded' ? 2e-4 : 2e-3;
      const at = async (sign: number): Promise<number> => {
        data.forEach((_, i) => (data[i] = original[i] + sign * step * direction[i]));
        return (await run()).loss[0];
      };
      const found = ((await at(1)) - (await at(-1))) / (2 * step);
      data.set(original);
      expect({
        name,
        found,
        expected,
        error: Math.abs(found - expected) <= 2e-3 + 0.02 * Math.abs(expected),
      }).toEqual({
        name,
        found,
        expected,
        error: true,
      });
    }
  });
});
