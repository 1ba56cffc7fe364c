import { readdirSync } from 'node:fs';
import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readModelDirectory } from '../../../infra/src/model/model-archive.js';
import { ModelStore } from '../../../infra/src/model/model-store.js';
import { RerankerEndpoint, RerankerImage, RerankerModel, variantFigures } from '@sagemaker-reranker/infra';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { buildContext, modelDirectory, removeFixtures, temporaryDirectory } from '../support/fixtures.js';
import { emptyStack } from '../support/stacks.js';

afterAll(removeFixtures);

function store(turbo = 'weights') {
  const outdir = temporaryDirectory();
  const stack = new Stack(new App({ outdir }), 'Test');
  const archives = new Map([
    ['turbo', readModelDirectory(modelDirectory('turbo', turbo))],
    ['tiny', readModelDirectory(modelDirectory('tiny'))],
  ]);
  return { outdir, stack, made: new ModelStore(stack, 'Store', archives) };
}

test('archives are named as callers name the models, and uploaded as one', () => {
  const { outdir, stack } = store();
  const [staged] = readdirSync(outdir).filter((name) => name.startsWith('models.'));
  expect(readdirSync(path.join(outdir, staged!)).sort()).toEqual(['tiny.tar.gz', 'turbo.tar.gz']);
  Template.fromStack(stack).hasResourceProperties('Custom::CDKBucketDeployment', {
    Prune: false,
    RetainOnDelete: true,
  });
});

test('a new generation lies below a prefix of its own, an equal one below the same', () => {
  const { prefix } = store().made;
  expect(prefix).toMatch(/^models\/[0-9a-f]{16}\/$/);
  expect(store().made.prefix).toBe(prefix);
  expect(store('other').made.prefix).not.toBe(prefix);
});

describe('several models', () => {
  const endpoint = (models: readonly RerankerModel[], mode: 'multi-model' | 'inference-components') => () =>
    new RerankerEndpoint(emptyStack(), 'Reranker', {
      models,
      hosting: { mode },
      image: RerankerImage.fromAsset({ directory: buildContext() }),
    });
  const tiny = () => RerankerModel.fromDirectory(modelDirectory('tiny'));

  test('must be some', () => {
    expect(endpoint([], 'multi-model')).toThrow('models is empty');
  });

  test('must differ in their variant, which callers choose by', () => {
    expect(endpoint([tiny(), tiny()], 'inference-components')).toThrow('models holds tiny more than once');
  });

  test('must come from directories to lie below one prefix', () => {
    const stack = emptyStack();
    const turbo = RerankerModel.fromBucket(
      Bucket.fromBucketName(stack, 'Models', 'my-models'),
      'turbo.tar.gz',
      variantFigures('turbo', 'int8'),
    );
    expect(endpoint([tiny(), turbo], 'multi-model')).toThrow('models: turbo lies in a bucket of its own');
    expect(endpoint([tiny(), turbo], 'inference-components')).not.toThrow();
  });
});
