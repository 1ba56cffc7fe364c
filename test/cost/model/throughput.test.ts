import { instanceType, instanceTypes, tokensPerSecond } from '@sagemaker-reranker/cost';
import { VARIANTS, operationsPerToken, variantFigures } from '@sagemaker-reranker/models';
import { productShare } from '../../../cost/src/model/throughput.js';
import { MEASUREMENTS, measurement } from '../support/measurement.js';

const tiny = { model: variantFigures('tiny', 'int8'), tokensPerPair: 83, documentsPerQuery: 100 } as const;

test('operations follow from the published sizes', () => {
  // Three full layers of 4 x 384² + 3 x 384 x 1536, and keys and values of the fourth; the rest is per pair.
  const { products, attention } = operationsPerToken(VARIANTS.tiny.architecture, 1e9);
  expect(products).toBeCloseTo(3 * 2_359_296 + 294_912, 0);
  expect(operationsPerToken(VARIANTS.tiny.architecture, 100).attention).toBe(2 * 384 * 301);
  expect(attention).toBeGreaterThan(products);
});

test.each(instanceTypes().map(({ name }) => name))('%s gets an estimate with its interval', (name) => {
  for (const precision of ['int8', 'fp32'] as const) {
    const model = variantFigures('tiny', precision);
    const figure = tokensPerSecond({ ...tiny, model }, { instance: instanceType(name) }, MEASUREMENTS);
    expect(figure.basis).toBe('estimated');
    expect(figure.low!).toBeLessThan(figure.value);
    expect(figure.high!).toBeGreaterThan(figure.value);
    expect(figure.high! / figure.low!).toBeLessThan(16);
  }
});

test('a measurement of the instance type replaces the estimate', () => {
  const real = measurement({
    instanceType: 'ml.c7i.xlarge',
    hosting: 'real-time',
    saturation: {
      pairsPerSecond: 300,
      tokensPerSecond: 24_900,
      cpuSecondsPer1kTokens: null,
      cpuSecondsPerPair: null,
    },
  });
  const place = { instance: instanceType('ml.c7i.xlarge') };
  expect(tokensPerSecond(tiny, place, [...MEASUREMENTS, real])).toMatchObject({
    value: expect.closeTo(24_900, 6),
    basis: 'measured',
  });
  expect(tokensPerSecond({ ...tiny, tokensPerPair: 800 }, place, [real])).toMatchObject({
    basis: 'estimated',
  });
});

test('throughput grows with vCPUs and falls with the size of the model and the length of the pair', () => {
  const at = (name: string, work = {}): number =>
    tokensPerSecond({ ...tiny, ...work }, { instance: instanceType(name) }, MEASUREMENTS).value;
  expect(at('ml.c7i.2xlarge')).toBeGreaterThan(at('ml.c7i.xlarge'));
  expect(at('ml.c7i.xlarge', { model: variantFigures('turbo', 'int8') })).toBeLessThan(at('ml.c7i.xlarge'));
  expect(at('ml.c7i.xlarge', { model: variantFigures('base', 'int8') })).toBeLessThan(
    at('ml.c7i.xlarge', { model: variantFigures('turbo', 'int8') }),
  );
  expect(at('ml.c7i.xlarge', { tokensPerPair: 2000 })).toBeLessThan(at('ml.c7i.xlarge'));
  expect(at('ml.c6i.xlarge', { model: variantFigures('tiny', 'fp32') })).toBeLessThan(at('ml.c6i.xlarge'));
});

test('the share of products comes from the two precisions of one machine', () => {
  const fp32 = productShare('fp32', MEASUREMENTS);
  expect(fp32).toBeCloseTo((1 - 0.118 / 0.26) / 0.75, 2);
  expect(productShare('int8', MEASUREMENTS)).toBeLessThan(fp32);
});

test('without a measurement there is no estimate', () => {
  expect(() => tokensPerSecond(tiny, { serverlessMb: 2048 }, [])).toThrow(/reranker cost measure/);
});

test('small requests get no faster on many vCPUs than one thread answers them; large ones use all', () => {
  const queries = (work: { documentsPerQuery: number; tokensPerPair: number }, name: string): number => {
    const rate = tokensPerSecond({ ...tiny, ...work }, { instance: instanceType(name) }, MEASUREMENTS).value;
    return rate / work.documentsPerQuery / work.tokensPerPair;
  };
  const small = { documentsPerQuery: 1, tokensPerPair: 60 };
  const [medium, large] = [queries(small, 'ml.c7i.8xlarge'), queries(small, 'ml.c7i.16xlarge')];
  expect(large / medium).toBeLessThan(1.1);
  expect(queries(small, 'ml.c7i.large') * 16).toBeGreaterThan(large);
  const work = { documentsPerQuery: 100, tokensPerPair: 300 };
  expect(queries(work, 'ml.c7i.8xlarge') / queries(work, 'ml.c7i.4xlarge')).toBeGreaterThan(1.7);
});
