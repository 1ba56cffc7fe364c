/** @jest-environment ./test/support/environment.js */
import { Random } from '@sagemaker-reranker/models';
import { names } from '@sagemaker-reranker/models/build';
import type { Parameter } from '../../distillation/src/adamw.js';
import { initialStudent } from '../../distillation/src/initial.js';
import type { WordVectors } from '../../distillation/src/word-vectors.js';
import { LearntWords, PROJECTION, ProjectedWords } from '../../distillation/src/words.js';

const architecture = { layers: 1, hidden: 4, heads: 2, intermediate: 4, vocabulary: 12 };
const width = 7;
const random = new Random(5);
const vectors: WordVectors = { data: random.array(12 * width, 0.5), width };
const all = Array.from({ length: 12 }, (_, id) => id);

/** Sum of rows times a fixed weight each, and its gradient by the rows. */
const weights = random.array(12 * 4, 1);
const objective = (rows: Float32Array): number => rows.reduce((sum, value, i) => sum + value * weights[i], 0);

const create = async () => {
  const student = initialStudent({ architecture, seed: 2 }, vectors);
  return { student, table: await ProjectedWords.create(student, vectors, 1) };
};

test('the start is an orthogonal projection of the vectors, and rarity a channel of its own', async () => {
  const { student, table } = await create();
  const { data } = student.get(PROJECTION)!;
  const channel = (k: number): Float32Array => data.subarray(k * width, (k + 1) * width);
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
    [0, 3],
  ] as const) {
    expect(dot(channel(i), channel(j))).toBeCloseTo(0, 6);
  }
  expect([...channel(3).subarray(0, width - 1)]).toEqual(Array(width - 1).fill(0));
  const rows = await table.rows(all);
  const rarities = all.map((id) => rows[4 * id + 3]! / vectors.data[id * width + width - 1]!);
  for (const ratio of rarities) expect(ratio).toBeCloseTo(rarities[0]!, 5);
});

test('the gradient of the projection is that of finite differences', async () => {
  const { student, table } = await create();
  const found: Float32Array[] = [];
  await table.learn(all, weights, (parameter, gradient) => {
    expect(parameter).toBe(student.get(PROJECTION));
    found.push(gradient);
  });
  const { data } = student.get(PROJECTION)!;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const at = async (x: number): Promise<number> => {
      data[i] = x;
      return objective(await table.rows(all));
    };
    const slope = ((await at(value + 0.01)) - (await at(value - 0.01))) / 0.02;
    data[i] = value;
    expect(found[0]![i]).toBeCloseTo(slope, 2);
  }
});

test('a word that training never shows moves with its neighbour, in a learnt table it stays', async () => {
  const twins: WordVectors = { width, data: vectors.data.slice() };
  twins.data.copyWithin(11 * width, 3 * width, 4 * width);
  const projected = initialStudent({ architecture, seed: 2 }, twins);
  const learnt = initialStudent({ architecture, seed: 2 });
  const moved = async (table: ProjectedWords | LearntWords): Promise<number[]> => {
    const before = await table.rows([3, 11]);
    const step = (parameter: Parameter, gradient: Float32Array, start = 0): void =>
      gradient.forEach((value, i) => (parameter.data[start + i]! -= 0.1 * value));
    await table.learn([3], weights.subarray(0, 4), step);
    return [...(await table.rows([3, 11]))].map((value, i) => value - before[i]!);
  };
  const together = await moved(await ProjectedWords.create(projected, twins, 1));
  expect(Math.abs(together[0]!)).toBeGreaterThan(0);
  expect(together.slice(4)).toEqual(together.slice(0, 4));
  const alone = await moved(new LearntWords(learnt));
  expect(alone.slice(0, 4).every((value) => value !== 0)).toBe(true);
  expect(alone.slice(4)).toEqual([0, 0, 0, 0]);
  expect(learnt.get(names.words)!.shape).toEqual([12, 4]);
});
