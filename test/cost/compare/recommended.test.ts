import {
  compare,
  instanceType,
  recommendedInstanceType,
  referenceQuestion,
  shippedMeasurements,
  shippedPriceBook,
} from '@sagemaker-reranker/cost';
import { carriesAlone, defaultTypes } from '../../../cost/src/compare/recommended.js';
import * as infra from '@sagemaker-reranker/infra';
import { variantFigures } from '@sagemaker-reranker/models';

const options = { book: shippedPriceBook(), measurements: shippedMeasurements() };

test.each(['tiny', 'turbo', 'base', 'minilm-l6', 'mxbai-base'] as const)(
  'what is deployed for %s by default is what the comparison puts first for the reference traffic, of the types that run batch transform',
  (variant) => {
    const model = variantFigures(variant, 'int8');
    const name = recommendedInstanceType(model);
    const { options: rows, notes } = compare(referenceQuestion(model), options);
    const candidates = rows.filter(
      ({ hosting, instanceType: type }) => hosting === 'real-time' && defaultTypes().includes(type!),
    );
    const first = candidates.find(carriesAlone) ?? candidates[0]!;
    expect([first.instanceType, first.meetsTarget]).toEqual([name, true]);
    expect(instanceType(name)).toMatchObject({ batchTransform: true, architecture: 'x86_64' });
    expect(notes.join()).toContain(`\`cdk deploy\` takes ${name} where no type is named`);
    const cheapest = rows.find(({ hosting, meetsTarget }) => hosting === 'real-time' && meetsTarget)!;
    if (!instanceType(cheapest.instanceType!).batchTransform)
      expect(notes.join()).toContain(`${cheapest.instanceType} is left out because batch transform`);
    expect(infra.recommendedInstanceType(model)).toBe(name);
  },
);

test('a model that no type up to the limit is fast enough for gets the one nearest to the target', () => {
  const name = recommendedInstanceType(variantFigures('bge-m3', 'fp32'));
  expect(instanceType(name)).toMatchObject({ batchTransform: true, vcpus: 8 });
});
