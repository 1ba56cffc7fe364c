import fc from 'fast-check';
import { VARIANTS } from '@sagemaker-reranker/models';
import { batchBudget, longestWithin } from '../../../container/src/engine/batch-memory.js';
import { batchBytes, loadedBytes } from '../../../models/src/figures/memory.js';

const GIB = 1024 ** 3;
const MB = 1e6;
const of = (id: 'tiny' | 'turbo' | 'base') => ({ architecture: VARIANTS[id].architecture });

describe('batchBudget', () => {
  it('leaves room for 8,192 tokens on 4 GiB, for every variant', () => {
    for (const [id, bytes] of [
      ['tiny', 132e6],
      ['turbo', 151e6],
      ['base', 550e6],
    ] as const) {
      const loaded = loadedBytes(of(id), bytes);
      const budget = batchBudget({ memory: 4 * GIB, workers: 1, loaded });
      expect(longestWithin(of(id), 8_192, budget)).toBe(8_192);
      expect(loaded + batchBytes(of(id), 1, 8_192)).toBeLessThan(0.8 * 4 * GIB);
    }
  });

  it('is 0 where the models alone do not fit', () => {
    expect(batchBudget({ memory: GIB / 4, workers: 4, loaded: loadedBytes(of('base'), 550e6) })).toBe(0);
  });

  it('bounds the longest pair: it fits, and one token more does not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4 * MB, max: 400 * MB }), (budget) => {
        const longest = longestWithin(of('tiny'), 100_000, budget);
        expect(batchBytes(of('tiny'), 1, longest)).toBeLessThanOrEqual(budget);
        expect(batchBytes(of('tiny'), 1, longest + 1)).toBeGreaterThan(budget);
      }),
    );
  });
});
