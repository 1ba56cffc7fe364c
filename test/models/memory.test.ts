import { VARIANTS } from '@sagemaker-reranker/models';
import { batchBytes, loadedBytes } from '../../models/src/memory.js';

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
