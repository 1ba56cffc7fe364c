import {
  compare,
  instanceType,
  openPriceBook,
  recommendedInstanceType,
  referenceQuestion,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';
import * as infra from '@sagemaker-reranker/infra';

const options = { book: openPriceBook('/nonexistent'), measurements: shippedMeasurements() };

test.each(['tiny', 'turbo', 'base'] as const)(
  'what is deployed for %s by default carries the reference traffic, at most a tenth above the cheapest of its kind',
  (variant) => {
    const name = recommendedInstanceType(variant);
    const { options: rows, notes } = compare(referenceQuestion(variant), options);
    const realTime = rows.filter(({ hosting, meetsTarget }) => hosting === 'real-time' && meetsTarget);
    const own = realTime.find((row) => row.instanceType === name)!;
    expect(own.instances!.value).toBe(1);
    const { vcpus } = instanceType(name);
    const alike = realTime.filter(
      (row) =>
        instanceType(row.instanceType!).batchTransform && instanceType(row.instanceType!).vcpus === vcpus,
    );
    expect(own.usdPerMonth!.value).toBeLessThanOrEqual(1.1 * alike[0]!.usdPerMonth!.value);
    // A smaller one of the family is too slow at the slow end of the estimate, or there is none.
    const smaller = realTime.filter((row) => {
      const type = instanceType(row.instanceType!);
      return type.family === instanceType(name).family && type.vcpus < vcpus && row.instances!.high === 1;
    });
    expect(smaller.map((row) => row.instanceType)).toEqual([]);
    expect(notes.join()).toContain(`\`cdk deploy\` takes ${name} where no type is named`);
    expect(infra.recommendedInstanceType(variant)).toBe(name);
  },
);
