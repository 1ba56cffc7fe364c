import fc from 'fast-check';
import {
  SERVERLESS_MEMORY_MB,
  basisOf,
  containerMemoryMib,
  instanceType,
  instanceTypes,
  recommendedInstanceType,
  serverlessMemoryMb,
  tokensPerSecond,
  weightsOf,
  type ModelFigures,
  type Precision,
} from '../../infra';
import { requireRoom } from '../../infra/sizing';
import { VARIANT_IDS, type VariantId } from '../../models';

const figures = (variant: VariantId, precision: Precision): ModelFigures => ({
  variant,
  precision,
  weightsBytes: weightsOf(variant, precision),
});
const cases = VARIANT_IDS.flatMap((variant) => [figures(variant, 'fp32'), figures(variant, 'int8')]);

test.each(cases)('the recommended type holds $variant $precision', (model) => {
  const instance = instanceType(recommendedInstanceType(model.variant));
  expect(() => requireRoom({ instance }, [model])).not.toThrow();
});

test.each(cases)(
  'the recommended serverless memory holds $variant $precision and no smaller one does',
  (model) => {
    const memory = serverlessMemoryMb(model);
    expect(() => requireRoom({ serverlessMb: memory }, [model])).not.toThrow();
    const smaller = SERVERLESS_MEMORY_MB.filter((mb) => mb < memory);
    for (const mb of smaller)
      expect(() => requireRoom({ serverlessMb: mb }, [model])).toThrow(/needs \d+ MiB/);
  },
);

test('the memory model reproduces the measured peaks it was drawn from', () => {
  // Of the container's figure, what is not the inference process's own: the server, and weights counted twice at load.
  const tiny = figures('tiny', 'fp32');
  const process = containerMemoryMib([tiny]) - 350 - tiny.weightsBytes / 1024 ** 2;
  expect(process).toBeGreaterThan(0.56 * 1000);
  expect(process).toBeLessThan(0.62 * 1000);
});

test('memory grows with processes, models and weights; throughput with vCPUs', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.constantFrom(...cases),
      fc.integer({ min: 1, max: 16 }),
      (a, b, workers) => {
        const one = containerMemoryMib([a], workers);
        expect(containerMemoryMib([a], workers + 1)).toBeGreaterThan(one);
        expect(containerMemoryMib([a, b], workers)).toBeGreaterThan(one);
        expect(
          containerMemoryMib([{ ...a, weightsBytes: a.weightsBytes * 2 + 1e7 }], workers),
        ).toBeGreaterThan(one);
        expect(tokensPerSecond(a, workers * 2)).toBeCloseTo(2 * tokensPerSecond(a, workers));
      },
    ),
  );
});

test('an instance that cannot hold a variant is refused with the figures', () => {
  const instance = instanceType('ml.c8g.medium');
  expect(() => requireRoom({ instance }, [figures('base', 'fp32')])).toThrow(
    /ml\.c8g\.medium leaves 1280 MiB of its 2048 MiB to the container; base fp32 \(524 MiB of weights\) with 1 inference process needs \d+ MiB/,
  );
});

test('more processes than fit are refused, on any type', () => {
  for (const instance of instanceTypes()) {
    const workers = Math.ceil(instance.memoryMib / 100);
    expect(() => requireRoom({ instance }, [figures('tiny', 'fp32')], workers)).toThrow(
      'inference processes needs',
    );
  }
});

test('weights beyond the largest serverless memory are refused', () => {
  expect(() => serverlessMemoryMb({ ...figures('base', 'fp32'), weightsBytes: 4 * 1024 ** 3 })).toThrow(
    'the largest serverless memory is 6144 MB',
  );
});

test('every figure says whether it was measured or derived, when and how', () => {
  for (const { variant, precision } of cases) {
    for (const basis of basisOf(variant, precision)) {
      expect(basis.date).toMatch(/^\d{4}-\d{2}/);
      expect(basis.how.length).toBeGreaterThan(20);
    }
  }
});
