import fc from 'fast-check';
import { packBatch } from '../../inference/src/batch.js';
import { Pair, PairLayout } from '../../inference/src/pair.js';
import { robertaPair, specialTokens } from '@sagemaker-reranker/models';

const template = robertaPair({ cls: 0, sep: 2 }, 1);
const special = specialTokens(template);

describe('PairLayout', () => {
  it('writes <s> query </s></s> document </s> with its type ids', () => {
    const layout = new PairLayout(template, 32);
    const pair = layout.pair(Int32Array.of(10, 11), Int32Array.of(20));
    const { ids, types } = packBatch([pair], 1);
    expect([...ids].map(Number)).toEqual([0, 10, 11, 2, 2, 20, 2]);
    expect([...types].map(Number)).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('pads the shorter rows of a batch, and the batch to a width', () => {
    const [one, three] = [Pair.ofIds(Int32Array.of(7)), Pair.ofIds(Int32Array.of(4, 5, 6))];
    const batch = packBatch([one, three], 9);
    expect([[...batch.lengths], batch.width]).toEqual([[1, 3], 3]);
    expect([...batch.ids].map(Number)).toEqual([7, 9, 9, 4, 5, 6]);
    expect([...packBatch([one], 9, 4).ids].map(Number)).toEqual([7, 9, 9, 9]);
  });

  it('cuts the document first, down to 64 tokens, then the query', () => {
    const layout = new PairLayout(template, 512 + special);
    expect(layout.cut(100, 412)).toEqual({ query: 100, document: 412 });
    expect(layout.cut(100, 9000)).toEqual({ query: 100, document: 412 });
    expect(layout.cut(448, 9000)).toEqual({ query: 448, document: 64 });
    expect(layout.cut(449, 9000)).toEqual({ query: 448, document: 64 });
    expect(layout.cut(9000, 9000)).toEqual({ query: 448, document: 64 });
    expect(layout.cut(9000, 5)).toEqual({ query: 507, document: 5 });
    expect(layout.cut(9000, 0)).toEqual({ query: 512, document: 0 });
  });

  it('never exceeds the longest pair, and cuts nothing that fits', () => {
    const sizes = fc.nat({ max: 400 });
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 8, max: 300 }), (query, document, maxLength) => {
        const layout = new PairLayout(template, maxLength);
        const cut = layout.cut(query, document);
        expect(cut.query).toBeGreaterThanOrEqual(0);
        expect(cut.document).toBeGreaterThanOrEqual(0);
        const { length } = layout.pair(new Int32Array(query), new Int32Array(document));
        expect(length).toBe(cut.query + cut.document + special);
        if (query + document + special <= maxLength) expect(cut).toEqual({ query, document });
        else expect(length).toBe(maxLength);
        if (cut.query < query) expect(cut.document).toBeLessThanOrEqual(64);
      }),
    );
  });
});
