import fc from 'fast-check';
import { RerankerClient, ValidationError, fuseScores } from '@sagemaker-reranker/client';
import { codecTransport } from './support/codec-transport.js';

const score = fc.double({ min: -100, max: 100, noNaN: true });
const pairs = fc.array(fc.tuple(score, score), { minLength: 2, maxLength: 30 });

describe('fuseScores', () => {
  it('sums z-scores with the weight, worked by hand', () => {
    // Both sides have mean 2 and standard deviation sqrt(2/3), in opposite order.
    const z = Math.sqrt(3 / 2);
    const [a, b, c] = fuseScores([1, 2, 3], [3, 2, 1], { weight: 0.25 });
    expect(a).toBeCloseTo(-0.75 * z + 0.25 * z, 12);
    expect(b).toBeCloseTo(0, 12);
    expect(c).toBeCloseTo(0.75 * z - 0.25 * z, 12);
  });

  it('adds reciprocal ranks, equal scores sharing their best', () => {
    const fused = fuseScores([9, 5, 5, 1], [0, 7, 3, 1], { method: 'reciprocal-rank', weight: 0.25 });
    const expected = [
      0.75 / 61 + 0.25 / 64,
      0.75 / 62 + 0.25 / 61,
      0.75 / 62 + 0.25 / 62,
      0.75 / 64 + 0.25 / 63,
    ];
    fused.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
  });

  it('has the order of one side at the weights 0 and 1, by either method', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom('z-score', 'reciprocal-rank'), (list, method) => {
        const [first, second] = [list.map(([a]) => a), list.map(([, b]) => b)];
        for (const [weight, side] of [
          [0, first],
          [1, second],
        ] as const) {
          const fused = fuseScores(first, second, { method, weight });
          const best = fused.indexOf(Math.max(...fused));
          // Scores whose difference is lost in the division stand side by side.
          expect(side[best]).toBeCloseTo(Math.max(...side), 6);
        }
      }),
    );
  });

  it('does not depend on the scale or the offset of either side', () => {
    const first = [1, 5, 2];
    const second = [-4, 0, 3];
    const plain = fuseScores(first, second, { weight: 0.35 });
    const scaled = fuseScores(
      first,
      second.map((value) => 100 * value + 7),
      { weight: 0.35 },
    );
    scaled.forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 10));
  });

  it.each([
    [[1], [1, 2], 0.5],
    [[1], [1], -0.1],
    [[1], [1], Number.NaN],
  ])('refuses %j and %j with weight %d', (first, second, weight) => {
    expect(() => fuseScores(first, second, { weight })).toThrow(RangeError);
  });
});

describe('a fused call', () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length) });
  const documents = ['a', 'bbbb', 'cc'];
  const rerank = (more: object) => client.rerank({ query: 'q', documents, ...more });

  it('orders by both rankings and keeps the score of the model beside the fused one', async () => {
    const { results } = await rerank({ firstStageScores: [10, 9, 0], fusion: { weight: 0.3 } });
    const fused = fuseScores([10, 9, 0], [1, 4, 2], { weight: 0.3 });
    expect(results.map(({ index }) => index)).toEqual([1, 0, 2]);
    for (const { index, relevanceScore, fusedScore } of results) {
      expect(relevanceScore).toBeCloseTo(1 / (1 + Math.exp(-documents[index]!.length)), 12);
      expect(fusedScore).toBeCloseTo(fused[index]!, 12);
    }
  });

  it('takes topN and the threshold after the fusion, and fuses over all documents', async () => {
    const whole = await rerank({ firstStageScores: [10, 9, 0] });
    const best = await rerank({ firstStageScores: [10, 9, 0], topN: 1 });
    expect(best.results).toEqual(whole.results.slice(0, 1));
    const { results } = await rerank({ firstStageScores: [10, 9, 0], threshold: 0.9 });
    expect(results.map(({ index }) => index)).toEqual([1]);
  });

  it('needs no scores for reciprocal ranks: the order of the documents is the first ranking', async () => {
    const { results } = await rerank({ fusion: { method: 'reciprocal-rank', weight: 0.1 } });
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('is the same whether the call is split or not', async () => {
    const transport = codecTransport((text) => text.length);
    const split = new RerankerClient({ transport, maxDocumentsPerRequest: 2 });
    const request = { query: 'q', documents, firstStageScores: [1, 3, 2] };
    expect((await split.rerank(request)).results).toEqual((await client.rerank(request)).results);
    expect(transport.sent).toHaveLength(2);
  });

  it.each([
    [{ firstStageScores: [1] }, 'firstStageScores must hold one number a document'],
    [{ firstStageScores: [1, NaN, 2] }, 'firstStageScores[1] must be a finite number, not NaN'],
    [{ fusion: {} }, 'firstStageScores are needed to fuse by z-score'],
    [{ fusion: { method: 'borda' } }, 'fusion.method must be "z-score" or "reciprocal-rank"'],
    [
      { fusion: { method: 'reciprocal-rank', weight: 2 } },
      'fusion.weight must be a number from 0 to 1, not 2',
    ],
  ])('refuses %j', async (more, message) => {
    const error: unknown = await rerank(more).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toContain(message);
  });

  it('is no stream', async () => {
    const request = { query: 'q', documents, firstStageScores: [1, 2, 3] } as never;
    await expect(client.stream(request).next()).rejects.toThrow(/stream/);
  });
});
