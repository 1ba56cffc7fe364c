import {
  type ModelFigures,
  instanceType,
  recommendedInstanceType,
  throughput,
  variantFigures,
} from '@sagemaker-reranker/infra';
import {
  greatestCount,
  PEAK_REQUESTS_PER_SECOND,
  TOKENS_PER_REQUEST,
} from '../../../infra/src/sizing/scaling-targets.js';
import { bound } from '../../../infra/src/sizing/sizing.js';
import { VARIANT_IDS } from '@sagemaker-reranker/models';
import { planOf } from '../support/plans.js';

const cases = VARIANT_IDS.flatMap((variant) =>
  (['int8', 'fp32'] as const).map((precision) => variantFigures(variant, precision)),
);
const place = (model: ModelFigures) => ({
  instance: instanceType(recommendedInstanceType(model)),
});

test.each(cases)(
  'the greatest count of $name $precision holds the peak, and no instance too many',
  (model) => {
    const capacity = 0.7 * bound(throughput(model, place(model)), 'low');
    const count = greatestCount(model, place(model));
    const peak = PEAK_REQUESTS_PER_SECOND * TOKENS_PER_REQUEST;
    expect(count * capacity).toBeGreaterThanOrEqual(peak);
    expect(count === 2 || (count - 1) * capacity < peak).toBe(true);
  },
);

test.each(cases)('hosting $name $precision without counts gets them', (model) => {
  const max = greatestCount(model, place(model));
  expect(planOf({ mode: 'asynchronous' }, [model]).scaling?.max).toBe(max);
  expect(planOf({ mode: 'real-time', scaling: {} }, [model]).scaling?.max).toBe(max);
  expect(planOf({ mode: 'real-time' }, [model]).scaling).toBeUndefined();
  const { productionVariant, components } = planOf({ mode: 'inference-components' }, [model]);
  expect(productionVariant.managedInstanceScaling).toMatchObject({ maxInstanceCount: max });
  expect(components!.maxCopyCount).toEqual([greatestCount(model, place(model), { share: 0.5 })]);
});

test('a least count above the default greatest raises it; the given greatest is kept', () => {
  const [model] = cases as [(typeof cases)[number]];
  // As many at least as at most: a fleet that is not scaled.
  const fixed = planOf({ mode: 'asynchronous', minInstanceCount: 50 }, [model]);
  expect(fixed.scaling).toBeUndefined();
  expect(fixed.productionVariant.initialInstanceCount).toBe(50);
  expect(planOf({ mode: 'asynchronous', maxInstanceCount: 1 }, [model]).scaling?.max).toBe(1);
  const scaled = planOf({ mode: 'real-time', initialInstanceCount: 40, scaling: {} }, [model]);
  expect(scaled.scaling?.max).toBe(40);
});
