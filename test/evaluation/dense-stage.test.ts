import { denseFirstStage, fusedFirstStage } from '../../evaluation/src/dense-stage.js';
import { rank } from '../../evaluation/src/metrics.js';
import { evaluate } from '../../evaluation/src/evaluate.js';
import { summarize } from '../../evaluation/src/summary.js';
import type { Collection } from '../../evaluation/src/collection.js';

// Words are directions: a text is the sum of its words' unit vectors, scaled to length 1.
const WORDS = ['cat', 'dog', 'bird', 'fish'];
const encoder = {
  name: 'words',
  description: 'words as directions',
  encode: (texts: readonly string[]) => {
    const vectors = texts.map((text) => {
      const counts = WORDS.map((word) => text.split(' ').filter((one) => one === word).length);
      const length = Math.hypot(...counts) || 1;
      return counts.map((count) => count / length);
    });
    return Promise.resolve({ all: Float32Array.from(vectors.flat()), width: WORDS.length });
  },
};
const collection: Collection = {
  name: 'animals',
  documents: new Map(
    Object.entries({ d1: 'cat dog', d2: 'bird', d3: 'cat', d4: 'fish fish dog' }).map(([id, text]) => [
      id,
      { id, text },
    ]),
  ),
  queries: new Map([
    ['q1', 'cat'],
    ['q2', 'fish'],
  ]),
  qrels: new Map([
    ['q1', new Map([['d3', 1]])],
    ['q2', new Map([['d4', 1]])],
  ]),
  faults: [],
};

it('ranks by the cosine of query and document', async () => {
  const { run, description } = await denseFirstStage(collection, encoder);
  expect(description).toBe('words as directions');
  expect(run.get('q1')!.map(({ id }) => id)).toEqual(['d3', 'd1', 'd2', 'd4']);
  expect(run.get('q1')![1]!.score).toBeCloseTo(Math.SQRT1_2, 6);
  expect(run.get('q2')![0]).toEqual({ id: 'd4', score: expect.closeTo(2 / Math.sqrt(5), 6) });
});

it('fuses two first stages over what either finds', () => {
  const stage = (name: string, scores: Record<string, number>) => ({
    name,
    run: new Map([['q', Object.entries(scores).map(([id, score]) => ({ id, score }))]]),
  });
  const { name, run } = fusedFirstStage(
    stage('BM25', { a: 3, b: 2, c: 1 }),
    stage('dense', { c: 0.9, d: 0.8, a: 0.7 }),
  );
  expect(name).toBe('BM25 + dense');
  // a is first of one and last of the other, c the other way round; b and d are found by one each.
  expect(rank(run.get('q')!).slice(0, 2).sort()).toEqual(['a', 'c']);
  // By hand: BM25 gives a 3, b 2, c 1, d 1; the encoder a .7, b .7, c .9, d .8.
  const z = (x: number, all: number[]): number => {
    const mean = all.reduce((s, y) => s + y, 0) / all.length;
    return (x - mean) / Math.sqrt(all.reduce((s, y) => s + (y - mean) ** 2, 0) / all.length);
  };
  const expected = 0.5 * z(3, [3, 2, 1, 1]) + 0.5 * z(0.7, [0.7, 0.7, 0.9, 0.8]);
  expect(run.get('q')!.find(({ id }) => id === 'a')!.score).toBeCloseTo(expected, 9);
});

it('sums evaluations up beside what is published, a line a reranker', async () => {
  const dense = await denseFirstStage(collection, encoder);
  const worst = {
    name: 'worst',
    run: new Map(
      [...dense.run].map(([id, list]) => [id, list.map((one) => ({ ...one, score: -one.score }))]),
    ),
  };
  const tiny = {
    name: 'mine',
    variant: 'tiny',
    rerank: (_: string, list: readonly { id: string }[]) =>
      Promise.resolve(list.map(({ id }) => -Number(id[1]))),
  };
  const results = await evaluate(collection, [dense, worst], [tiny], { compare: ['ndcg', 'hitRate'] });
  const [ndcg, hitRate] = summarize(results);
  expect(ndcg!.columns).toEqual(['words', 'worst']);
  expect(ndcg!.rows.slice(0, 3).map(({ name }) => name)).toEqual([
    'first stage alone',
    'mine',
    'mine, fused',
  ]);
  const [alone, mine] = ndcg!.rows;
  expect(alone!.values).toEqual(results.map(({ systems }) => systems[0]!.metrics.ndcg));
  expect(alone!.mean).toBeCloseTo((alone!.values[0]! + alone!.values[1]!) / 2, 12);
  expect(mine!.published).toBe(0.4854);
  expect(ndcg!.rows.filter(({ values }) => values[0] === undefined).map(({ name }) => name)).toContain(
    'bge-reranker-base',
  );
  // Only what is published of this metric.
  expect(hitRate!.rows.at(-1)!.published).toBeDefined();
  expect(hitRate!.rows.map(({ name }) => name)).not.toContain('bge-reranker-base');
});
