import fc from 'fast-check';
import { VARIANTS } from '../../../models';
import { batchBudget, batchBytes, loadedBytes, longestWithin } from '../../../container/engine/batch-memory';

const GIB = 1024 ** 3;
const MB = 1e6;
const of = (id: 'tiny' | 'turbo' | 'base') => ({ architecture: VARIANTS[id].architecture });

describe('batchBytes', () => {
  // Growth of the resident peak, ONNX Runtime 1.30.0, 2026-11-23; at 8,192 tokens the sum of the steps of one process.
  it.each([
    ['tiny', 16, 64, 24],
    ['tiny', 4, 512, 44],
    ['tiny', 1, 4_096, 108],
    ['tiny', 1, 8_192, 203],
    ['turbo', 16, 64, 23],
    ['turbo', 1, 2_048, 45],
    ['base', 16, 64, 43],
    ['base', 4, 512, 95],
    ['base', 1, 2_048, 89],
  ] as const)(
    'of %s, %i x %i, covers the %i MB measured and no more than twice that',
    (id, rows, width, mb) => {
      expect(batchBytes(of(id), rows, width)).toBeGreaterThanOrEqual(mb * MB);
      expect(batchBytes(of(id), rows, width)).toBeLessThan(2 * mb * MB);
    },
  );

  it('counts the whole score matrix of an exported graph', () => {
    const exported = { ...of('tiny'), exported: { choices: [] } };
    expect(batchBytes(exported, 1, 8_192)).toBeGreaterThan(11e9);
  });
});

describe('loadedBytes', () => {
  // Resident after loading and before the first request, ONNX Runtime 1.30.0, 2026-11-24; the file beside it.
  it.each([
    ['embedded int8', 4.2, 91],
    ['tiny int8', 104.0, 197.0],
    ['turbo int8', 108.8, 206.1],
    ['tiny fp32', 132.2, 234.9],
    ['base fp32', 549.5, 769.3],
  ])('of %s, a file of %d MB, covers the %d MB measured and little more', (_, file, mb) => {
    expect(loadedBytes(file * MB)).toBeGreaterThanOrEqual(mb * MB);
    expect(loadedBytes(file * MB)).toBeLessThan(1.15 * mb * MB);
  });
});

describe('batchBudget', () => {
  it('leaves room for 8,192 tokens on 4 GiB, for every variant', () => {
    for (const [id, bytes] of [
      ['tiny', 132e6],
      ['turbo', 151e6],
      ['base', 550e6],
    ] as const) {
      const budget = batchBudget({ memory: 4 * GIB, workers: 1, modelFileBytes: bytes });
      expect(longestWithin(of(id), 8_192, budget)).toBe(8_192);
      expect(loadedBytes(bytes) + batchBytes(of(id), 1, 8_192)).toBeLessThan(0.8 * 4 * GIB);
    }
  });

  it('is 0 where the models alone do not fit', () => {
    expect(batchBudget({ memory: GIB / 4, workers: 4, modelFileBytes: 550e6 })).toBe(0);
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
