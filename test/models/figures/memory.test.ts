import { VARIANTS } from '@sagemaker-reranker/models';
import { batchBytes, loadedBytes } from '../../../models/src/figures/memory.js';

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

  // Six layers of 384 + 1,536 features and 12 heads; growth over one pair of 16 tokens, 2026-11-26.
  it.each([
    [512, 20],
    [4_096, 157],
  ])("of DeBERTa's, 1 x %i, covers the %i MB measured and no more than twice that", (width, mb) => {
    const deberta = { architecture: { ...VARIANTS.tiny.architecture, structure: 'deberta' as const } };
    expect(batchBytes(deberta, 1, width)).toBeGreaterThanOrEqual(mb * MB);
    expect(batchBytes(deberta, 1, width)).toBeLessThan(2 * mb * MB);
  });

  it('counts the whole score matrix of an exported graph', () => {
    const exported = { ...of('tiny'), exported: { choices: [] } };
    expect(batchBytes(exported, 1, 8_192)).toBeGreaterThan(11e9);
  });
});

describe('loadedBytes', () => {
  // Resident when ready and before the first request, ONNX Runtime 1.30.0, 2026-11-26; sizes, vocabulary and file beside it.
  it.each([
    ['JinaBERT fp32', 768, 28_000, 541, 1_078],
    ['RoBERTa fp32', 768, 30_000, 436, 859],
    ['RoBERTa int8', 768, 30_000, 181, 363],
    ['ModernBERT fp32', 768, 30_000, 540, 1_078],
    ['DeBERTa fp32', 768, 30_000, 283, 536],
    ['JinaBERT fp32, small', 384, 28_000, 81, 208],
  ])(
    'of %s, %d wide with %d tokens, a file of %d MB, covers the %d MB measured and little more',
    (_, hidden, vocabulary, file, mb) => {
      const model = { architecture: { ...VARIANTS.base.architecture, hidden, vocabulary } };
      expect(loadedBytes(model, file * MB)).toBeGreaterThanOrEqual(mb * MB);
      expect(loadedBytes(model, file * MB)).toBeLessThan(1.15 * mb * MB);
    },
  );

  it('counts weights beside the ONNX file once', () => {
    const model = { ...of('base'), weightsBeside: true };
    // Resident when ready with a file of 549 MB: 483 MB more than before it was loaded.
    expect(loadedBytes(model, 549 * MB) - loadedBytes(model, 0)).toBeGreaterThanOrEqual(483 * MB);
    expect(loadedBytes(model, 549 * MB)).toBeLessThan(0.7 * loadedBytes(of('base'), 549 * MB));
  });
});
