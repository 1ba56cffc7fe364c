import { type Architecture, type ModelFigures, type Structure } from '@sagemaker-reranker/models';
import { workPerBatch, workPerToken } from '../../../cost/src/model/work.js';

// CPU milliseconds of batches of 6 x 83, 1 x 512 and 1 x 128 tokens (the least of several): random weights, one thread of an AMD EPYC,
// ONNX Runtime 1.30, 2026-11-26; ModernBERT's 6 x 83 again after its products left out what fills blocks. Sizes: layers, hidden, intermediate, heads.
const MEASURED: readonly [Structure, readonly number[], ModelFigures['precision'], readonly number[]][] = [
  ['jinabert', [4, 384, 1536, 12], 'fp32', [41.5, 52.6, 12.5]],
  ['jinabert', [4, 384, 1536, 12], 'int8', [19.1, 25.7, 4.9]],
  ['jinabert', [12, 768, 3072, 12], 'fp32', [492.0, 547.8, 138.8]],
  ['jinabert', [12, 768, 3072, 12], 'int8', [170.6, 227.8, 48.1]],
  ['jinabert', [2, 128, 384, 4], 'fp32', [1.7, 2.7, 0.6]],
  ['jinabert', [2, 128, 384, 4], 'int8', [1.3, 2.4, 0.5]],
  ['jinabert', [6, 512, 2048, 8], 'fp32', [105.3, 123.7, 30.6]],
  ['jinabert', [6, 512, 2048, 8], 'int8', [44.3, 58.2, 12.6]],
  ['bert', [6, 384, 1536, 12], 'fp32', [50.7, 64.3, 14.2]],
  ['bert', [6, 384, 1536, 12], 'int8', [24.7, 38.2, 7.2]],
  ['bert', [12, 768, 3072, 12], 'fp32', [392.9, 444.9, 109.1]],
  ['bert', [12, 768, 3072, 12], 'int8', [138.5, 200.2, 41.6]],
  ['bert', [2, 128, 512, 2], 'fp32', [1.5, 2.1, 0.5]],
  ['bert', [2, 128, 512, 2], 'int8', [1.4, 2.0, 0.5]],
  ['roberta', [12, 768, 3072, 12], 'fp32', [401.3, 468.9, 112.3]],
  ['roberta', [12, 768, 3072, 12], 'int8', [148.1, 219.0, 41.6]],
  ['roberta', [6, 384, 1536, 12], 'fp32', [53.1, 67.5, 14.4]],
  ['roberta', [6, 384, 1536, 12], 'int8', [23.7, 36.6, 7.0]],
  ['electra', [12, 256, 1024, 4], 'fp32', [48.2, 60.3, 14.1]],
  ['electra', [12, 256, 1024, 4], 'int8', [25.9, 39.4, 7.9]],
  ['electra', [6, 768, 3072, 12], 'fp32', [181.3, 209.3, 51.3]],
  ['electra', [6, 768, 3072, 12], 'int8', [69.7, 95.7, 19.8]],
  ['distilbert', [6, 768, 3072, 12], 'fp32', [181.6, 207.1, 49.0]],
  ['distilbert', [6, 768, 3072, 12], 'int8', [68.6, 96.0, 19.8]],
  ['distilbert', [4, 384, 1536, 6], 'fp32', [29.9, 37.7, 9.1]],
  ['distilbert', [4, 384, 1536, 6], 'int8', [14.2, 21.2, 4.2]],
  ['modernbert', [22, 768, 1152, 12], 'fp32', [618.8, 570.3, 149.9]],
  ['modernbert', [22, 768, 1152, 12], 'int8', [295.6, 240.6, 68.5]],
  ['modernbert', [8, 384, 576, 6], 'fp32', [72.5, 67.6, 16.2]],
  ['modernbert', [8, 384, 576, 6], 'int8', [40.4, 39.9, 9.3]],
  ['deberta', [12, 384, 1536, 6], 'fp32', [134.0, 248.0, 37.0]],
  ['deberta', [12, 384, 1536, 6], 'int8', [61.8, 169.3, 20.5]],
  ['deberta', [6, 768, 3072, 12], 'fp32', [204.0, 315.3, 61.0]],
  ['deberta', [6, 768, 3072, 12], 'int8', [86.6, 194.1, 24.3]],
];
const SHAPES = [
  [6, 83],
  [1, 512],
  [1, 128],
] as const;

const OWN: Partial<Record<Structure, Partial<Architecture>>> = {
  electra: { embedding: 128 },
  roberta: { offset: 2 },
  modernbert: {
    pooling: 'mean',
    rotary: { globalTheta: 160_000, localTheta: 10_000, window: 64, every: 3 },
  },
};

function figuresOf([structure, sizes, precision]: (typeof MEASURED)[number]): ModelFigures {
  const [layers = 0, hidden = 0, intermediate = 0, heads = 0] = sizes;
  const architecture = { structure, layers, hidden, intermediate, heads, vocabulary: 30_000 };
  return {
    name: structure,
    precision,
    architecture: { ...architecture, ...OWN[structure] },
    weightsBytes: 1,
    maxLength: 512,
  };
}

function work(model: ModelFigures): number[] {
  return SHAPES.map(([rows, width]) => rows * width * workPerToken(model, width) + workPerBatch(model));
}

test.each(['fp32', 'int8'] as const)(
  'the work of %s batches of seven structures stands in the ratios of their measured times',
  (precision) => {
    const all = MEASURED.filter(([, , each]) => each === precision);
    // One known model sets the scale, as a measurement does.
    const [known] = all as [(typeof MEASURED)[number]];
    const scale = known[3][0]! / work(figuresOf(known))[0]!;
    for (const measured of all) {
      const errors = work(figuresOf(measured)).map((each, i) => (each * scale) / measured[3][i]! - 1);
      const message = `${measured[0]} ${measured[1].join(' x ')}: ${errors.map((e) => e.toFixed(2)).join(', ')}`;
      expect([message, Math.max(...errors.map(Math.abs)) < 0.25]).toEqual([message, true]);
    }
  },
);

test('products in finer forms cost more, and windows of attention less than all of it', () => {
  const model = figuresOf(['bert', [6, 384, 1536, 12], 'int8', []]);
  const forms = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`layer.${i}.mlp_input`, 'fine' as const]),
  );
  expect(workPerToken({ ...model, forms }, 100)).toBeGreaterThan(1.2 * workPerToken(model, 100));
  const windowed = figuresOf(['modernbert', [22, 768, 1152, 12], 'fp32', []]);
  const { rotary, ...plain } = windowed.architecture;
  const whole = { ...windowed, architecture: { ...plain, rotary: { ...rotary!, every: 1 } } };
  expect(workPerToken(windowed, 4096)).toBeLessThan(0.7 * workPerToken(whole, 4096));
});
