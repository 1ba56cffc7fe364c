import fc from 'fast-check';
import {
  averagePrecision,
  hit,
  measure,
  ndcg,
  precision,
  rank,
  recall,
  reciprocalRank,
} from '../../evaluation/src/metrics.js';

const judged = new Map([
  ['a', 3],
  ['b', 2],
  ['c', 0],
  ['d', 1],
]);

describe('rank', () => {
  it('orders by falling score and breaks ties by falling document id, as trec_eval', () => {
    const documents = [
      { id: 'd1', score: 0.5 },
      { id: 'd10', score: 0.5 },
      { id: 'd2', score: 0.5 },
      { id: 'x', score: 0.9 },
    ];
    expect(rank(documents)).toEqual(['x', 'd2', 'd10', 'd1']);
  });

  it('takes scores that are equal as 32-bit floats for ties', () => {
    const documents = [
      { id: 'a', score: 1.00000000001 },
      { id: 'b', score: 1 },
    ];
    expect(rank(documents)).toEqual(['b', 'a']);
  });

  it('compares ids by their bytes, not by UTF-16 units', () => {
    // U+FF5E is EF BD 9E in UTF-8, U+1F600 is F0 9F 98 80; in UTF-16 their order is the other one.
    const documents = [
      { id: '\uFF5E', score: 1 },
      { id: '\u{1F600}', score: 1 },
    ];
    expect(rank(documents)).toEqual(['\u{1F600}', '\uFF5E']);
  });
});

describe('metrics, worked by hand', () => {
  // Ranks: unjudged u, b (2), c (judged 0), a (3); d (1) was not found.
  const ranked = ['u', 'b', 'c', 'a'];

  it('NDCG uses the grade as gain and all judged documents for the ideal', () => {
    const actual = 2 / Math.log2(3) + 3 / Math.log2(5);
    const ideal = 3 + 2 / Math.log2(3) + 1 / Math.log2(4);
    expect(ndcg(ranked, judged, 10)).toBeCloseTo(actual / ideal, 12);
    expect(ndcg(ranked, judged, 2)).toBeCloseTo(2 / Math.log2(3) / (3 + 2 / Math.log2(3)), 12);
  });

  it('average precision divides by all relevant documents, found or not', () => {
    expect(averagePrecision(ranked, judged)).toBeCloseTo((1 / 2 + 2 / 4) / 3, 12);
  });

  it('reciprocal rank stops at its depth', () => {
    expect(reciprocalRank(ranked, judged, 10)).toBe(0.5);
    expect(reciprocalRank(ranked, judged, 1)).toBe(0);
  });

  it('recall, precision and hit count relevant documents among the first k', () => {
    expect(recall(ranked, judged, 2)).toBeCloseTo(1 / 3, 12);
    expect(precision(ranked, judged, 10)).toBeCloseTo(2 / 10, 12);
    expect(hit(ranked, judged, 1)).toBe(0);
    expect(hit(ranked, judged, 2)).toBe(1);
  });

  it('is 0 where nothing is relevant, and ignores negative grades', () => {
    const none = new Map([
      ['a', 0],
      ['b', -1],
    ]);
    for (const value of [
      ndcg(ranked, none, 10),
      averagePrecision(ranked, none),
      recall(ranked, none, 10),
      precision(ranked, none, 10),
    ]) {
      expect(value).toBe(0);
    }
  });
});

describe('measure', () => {
  it('counts a judged query without hits as 0 and ignores queries without judgements', () => {
    const qrels = new Map([
      ['q1', new Map([['a', 1]])],
      ['q2', new Map([['b', 1]])],
    ]);
    const run = new Map([
      ['q1', [{ id: 'a', score: 1 }]],
      ['q3', [{ id: 'a', score: 1 }]],
    ]);
    const { mean, perQuery } = measure(run, qrels);
    expect([...perQuery.keys()]).toEqual(['q1', 'q2']);
    expect(mean).toEqual({ ndcg: 0.5, map: 0.5, mrr: 0.5, recall: 0.5, precision: 0.05, hitRate: 0.5 });
  });

  it('stays within 0..1 and gives 1 exactly when every relevant document comes first', () => {
    const grades = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(grades, fc.integer({ min: 0, max: 1000 }), (list, seed) => {
        const documents = new Map(list.map((grade, i) => [`d${i}`, grade]));
        const shuffled = list.map((_, i) => ({ id: `d${i}`, score: (i * 7919 + seed) % 13 }));
        const perfect = list.map((grade, i) => ({ id: `d${i}`, score: grade }));
        const qrels = new Map([['q', documents]]);
        const some = measure(new Map([['q', shuffled]]), qrels).mean;
        const best = measure(new Map([['q', perfect]]), qrels).mean;
        const relevant = list.some((grade) => grade > 0);
        for (const key of Object.keys(some) as (keyof typeof some)[]) {
          expect(some[key]).toBeGreaterThanOrEqual(0);
          expect(some[key]).toBeLessThanOrEqual(best[key] + 1e-12);
        }
        expect([best.ndcg, best.map, best.mrr]).toEqual(relevant ? [1, 1, 1] : [0, 0, 0]);
      }),
      { seed: 5 },
    );
  });
});
