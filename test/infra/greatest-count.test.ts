import { instanceType, recommendedInstanceType, throughput, weightsOf } from '@sagemaker-reranker/infra';
import { planHosting } from '../../infra/src/hosting-plan.js';
import {
  greatestCount,
  PEAK_REQUESTS_PER_SECOND,
  TOKENS_PER_REQUEST,
} from '../../infra/src/scaling-targets.js';
import { bound } from '../../infra/src/sizing.js';
import { VARIANT_IDS } from '@sagemaker-reranker/models';

const cases = VARIANT_IDS.flatMap((variant) =>
  (['int8', 'fp32'] as const).map((precision) => ({
    variant,
    precision,
    weightsBytes: weightsOf(variant, precision),
  })),
);
const place = (variant: (typeof VARIANT_IDS)[number]) => ({
  instance: instanceType(recommendedInstanceType(variant)),
});

test.each(cases)(
  'the greatest count of $variant $precision holds the peak, and no instance too many',
  (model) => {
    const capacity = 0.7 * bound(throughput(model, place(model.variant)), 'low');
    const count = greatestCount(model, place(model.variant));
    const peak = PEAK_REQUESTS_PER_SECOND * TOKENS_PER_REQUEST;
    expect(count * capacity).toBeGreaterThanOrEqual(peak);
    expect(count === 2 || (count - 1) * capacity < peak).toBe(true);
  },
);

test.each(cases)('hosting $variant $precision without counts gets them', (model) => {
  const max = greatestCount(model, place(model.variant));
  expect(planHosting({ mode: 'asynchronous' }, [model]).maxInstanceCount).toBe(max);
  expect(planHosting({ mode: 'real-time', scaling: {} }, [model]).maxInstanceCount).toBe(max);
  expect(planHosting({ mode: 'real-time' }, [model]).maxInstanceCount).toBeUndefined();
  const components = planHosting({ mode: 'inference-components' }, [model]);
  expect(components.maxInstanceCount).toBe(max);
  expect(components.copy!.maxCopyCount).toEqual([greatestCount(model, place(model.variant), { share: 0.5 })]);
});

test('a least count above the default greatest raises it; the given greatest is kept', () => {
  const [model] = cases as [(typeof cases)[number]];
  expect(planHosting({ mode: 'asynchronous', minInstanceCount: 50 }, [model]).maxInstanceCount).toBe(50);
  expect(planHosting({ mode: 'asynchronous', maxInstanceCount: 1 }, [model]).maxInstanceCount).toBe(1);
  const scaled = planHosting({ mode: 'real-time', initialInstanceCount: 40, scaling: {} }, [model]);
  expect(scaled.maxInstanceCount).toBe(40);
});
