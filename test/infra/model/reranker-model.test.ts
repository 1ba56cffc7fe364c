import { readdirSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { RerankerModel, variantFigures } from '@sagemaker-reranker/infra';
import { modelDirectory, removeFixtures, temporaryDirectory } from '../support/fixtures.js';
import { emptyStack } from '../support/stacks.js';

afterAll(removeFixtures);

describe('fromDirectory', () => {
  test('reads its figures from the manifest', () => {
    const model = RerankerModel.fromDirectory(modelDirectory('turbo', 'x'.repeat(100)));
    expect(model.figures).toMatchObject({
      name: 'turbo',
      precision: 'int8',
      weightsBytes: 100,
      maxLength: 8192,
      architecture: { layers: 6 },
    });
  });

  test('becomes one .tar.gz asset, whose key follows the content', () => {
    const bind = (content: string) => {
      const outdir = temporaryDirectory();
      const stack = new Stack(new App({ outdir }), 'Test');
      const bound = RerankerModel.fromDirectory(modelDirectory('tiny', content)).bind(stack, 'Model');
      return { key: bound.key, staged: readdirSync(outdir), url: stack.resolve(bound.url) };
    };
    const one = bind('one');
    // The CDK keeps the last extension only; SageMaker reads the archive by its content.
    expect(one.key).toMatch(/^[0-9a-f]{64}\.gz$/);
    expect(one.staged).toEqual([`asset.${one.key.replace('.gz', '.tar.gz')}`]);
    expect(one.url).toEqual({
      'Fn::Sub': `s3://cdk-hnb659fds-assets-\${AWS::AccountId}-\${AWS::Region}/${one.key}`,
    });
    expect(bind('one').key).toBe(one.key);
    expect(bind('other').key).not.toBe(one.key);
  });

  test('a model of no registered variant is sized by itself', () => {
    const directory = modelDirectory(undefined);
    const model = RerankerModel.fromDirectory(directory);
    expect([model.name, model.figures.variant]).toEqual(['own', undefined]);
    expect(() => RerankerModel.fromDirectory(directory, { variant: 'tiny' })).toThrow(
      'holds own, which is no variant; leave variant out: sizing follows the model',
    );
  });

  test('refuses a directory that holds another variant than the one asked for', () => {
    expect(() => RerankerModel.fromDirectory(modelDirectory('tiny'), { variant: 'turbo' })).toThrow(
      'holds tiny; the variant asked for is turbo',
    );
  });
});

describe('fromBucket', () => {
  const figures = variantFigures('tiny', 'int8');

  test('uploads nothing', () => {
    const stack = emptyStack();
    const bucket = Bucket.fromBucketName(stack, 'Models', 'my-models');
    const bound = RerankerModel.fromBucket(bucket, 'tiny/model.tar.gz', figures).bind(stack, 'Model');
    expect(bound.url).toBe('s3://my-models/tiny/model.tar.gz');
    expect(stack.node.tryFindChild('Model')).toBeUndefined();
  });

  test('refuses what SageMaker does not take for model data', () => {
    const bucket = Bucket.fromBucketName(emptyStack(), 'Models', 'my-models');
    expect(() => RerankerModel.fromBucket(bucket, 'tiny/model.onnx', figures)).toThrow('must end in .tar.gz');
  });
});
