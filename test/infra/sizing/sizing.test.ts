import fc from 'fast-check';
import {
  type ModelFigures,
  type Precision,
  SERVERLESS_MEMORY_MB,
  containerMemoryMib,
  instanceType,
  instanceTypes,
  recommendedInstanceType,
  serverlessMemoryMb,
  throughput,
  variantFigures,
} from '@sagemaker-reranker/infra';
import { shippedMeasurements } from '@sagemaker-reranker/cost';
import { pricePerHour, queueTokens, requireRoom } from '../../../infra/src/sizing/sizing.js';
import { VARIANT_IDS, type VariantId } from '@sagemaker-reranker/models';

const figures = (variant: VariantId, precision: Precision): ModelFigures =>
  variantFigures(variant, precision);
const cases = VARIANT_IDS.flatMap((variant) => [figures(variant, 'fp32'), figures(variant, 'int8')]);

test.each(cases)('the recommended type holds $name $precision', (model) => {
  const instance = instanceType(recommendedInstanceType(model));
  expect(() => requireRoom({ instance }, [model])).not.toThrow();
});

test.each(cases)(
  'the recommended serverless memory holds $name $precision and no smaller one does',
  (model) => {
    const memory = serverlessMemoryMb(model);
    expect(() => requireRoom({ serverlessMb: memory }, [model])).not.toThrow();
    const smaller = SERVERLESS_MEMORY_MB.filter((mb) => mb < memory);
    for (const mb of smaller)
      expect(() => requireRoom({ serverlessMb: mb }, [model])).toThrow(/needs \d+ MiB/);
  },
);

test('memory grows with processes, models and weights', () => {
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
  expect(() => serverlessMemoryMb({ ...figures('base', 'fp32'), weightsBytes: 8 * 1024 ** 3 })).toThrow(
    'the largest serverless memory is 6144 MB',
  );
});

test.each(cases)(
  'the throughput of $name $precision is measured, or an estimate that says from what',
  (model) => {
    for (const name of ['ml.c7i.large', 'ml.c8g.xlarge', 'ml.m5.4xlarge']) {
      const {
        value,
        low = value,
        high = value,
        basis,
        source,
      } = throughput(model, { instance: instanceType(name) });
      expect(low).toBeGreaterThan(0);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(['measured', 'estimated']).toContain(basis);
      expect(source).toMatch(/\d{4}-\d{2}-\d{2}: \d+ tokens\/s/);
    }
  },
);

test('what sizing rests on was measured, by a command, on a day', () => {
  const measured = shippedMeasurements();
  expect(measured.length).toBeGreaterThan(0);
  for (const { command, date } of measured) {
    expect(command).toMatch(/^reranker cost measure /);
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}T/);
  }
});

test('a container admits what it can score in time: more on larger types, less where callers wait less', () => {
  const tiny = figures('tiny', 'int8');
  const place = (name: string) => ({ instance: instanceType(name) });
  const [small, large] = ['ml.c7i.large', 'ml.c7i.8xlarge'].map((name) =>
    queueTokens(480, [tiny], place(name)),
  );
  expect(large).toBeGreaterThan(4 * small!);
  expect(queueTokens(480, [tiny], place('ml.c7i.8xlarge'), 0.25)).toBe(large! / 4);
  // 900 seconds to 480, rounded up to a power of 2: once or twice as many.
  expect([small, 2 * small!]).toContain(queueTokens(900, [tiny], place('ml.c7i.large')));
  expect(queueTokens(60, [tiny], { serverlessMb: 1024 })).toBeLessThan(small!);
  // A request of 100 long passages is admitted everywhere.
  for (const model of cases) expect(queueTokens(60, [model], { serverlessMb: 1024 })).toBeGreaterThan(8000);
});

test('prices come from the price book; a region it does not know has none', () => {
  expect(pricePerHour('ml.c7i.large', 'us-east-1')).toBeGreaterThan(0.05);
  expect(pricePerHour('ml.c7i.large', 'cn-north-1')).toBeUndefined();
});
