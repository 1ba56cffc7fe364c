import fc from 'fast-check';
import { PairLayout } from '../../../container/src/engine/pair.js';
import { robertaPair, specialTokens } from '@sagemaker-reranker/models';

const template = robertaPair({ cls: 0, sep: 2 }, 1);
const special = specialTokens(template);

describe('PairLayout', () => {
  it('writes <s> query </s></s> document </s> with its type ids', () => {
    const layout = new PairLayout(template, 32);
    const ids = new Int32Array(9).fill(-1);
    const types = new Uint8Array(9).fill(9);
    layout.write(Int32Array.of(10, 11), Int32Array.of(20), ids, types, 1);
    expect([...ids]).toEqual([-1, 0, 10, 11, 2, 2, 20, 2, -1]);
    expect([...types]).toEqual([9, 0, 0, 0, 0, 1, 1, 1, 9]);
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
        expect(layout.length(cut)).toBeLessThanOrEqual(maxLength);
        if (query + document + special <= maxLength) expect(cut).toEqual({ query, document });
        else expect(layout.length(cut)).toBe(maxLength);
        if (cut.query < query) expect(cut.document).toBeLessThanOrEqual(64);
      }),
    );
  });
});
