import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { Template } from 'aws-cdk-lib/assertions';
import { HOSTING_MODES, RerankerImage, RerankerStack, readContext } from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, removeFixtures } from '../support/fixtures.js';
import { testApp } from '../support/stacks.js';

afterAll(removeFixtures);

function stackOf(context: Record<string, unknown>): Template {
  const app = testApp({
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    variant: 'turbo',
    modelDirectory: modelDirectory('turbo'),
    ...context,
  });
  return Template.fromStack(
    new RerankerStack(app, 'Stack', {
      context: readContext(app.node),
      image: RerankerImage.fromAsset({ directory: buildContext() }),
    }),
  );
}

test('names the endpoint by variant and environment, and tells callers its name', () => {
  const template = stackOf({ environment: 'prod' });
  template.hasResourceProperties('AWS::SageMaker::Endpoint', { EndpointName: 'reranker-turbo-prod' });
  expect(Object.keys(template.findOutputs('*'))).toEqual(['EndpointName', 'EndpointArn', 'AlarmTopicArn']);
});

test('tags everything with variant, environment and the tags of the context', () => {
  const template = stackOf({ environment: 'prod', tags: { team: 'search' } });
  for (const type of ['AWS::SageMaker::Endpoint', 'AWS::SageMaker::Model', 'AWS::IAM::Role']) {
    template.hasResourceProperties(type, {
      Tags: [
        { Key: 'reranker:environment', Value: 'prod' },
        { Key: 'reranker:variant', Value: 'turbo' },
        { Key: 'team', Value: 'search' },
      ],
    });
  }
});

test.each(HOSTING_MODES)(
  'other tags replace nothing with %s: no traffic is shifted for them',
  async (hosting) => {
    const spec = await loadAwsServiceSpec();
    const resources = (team: string) =>
      stackOf({ hosting, consumers: 'function,api,batch', tags: { team } }).toJSON().Resources as Record<
        string,
        { readonly Type: string; readonly Properties?: Record<string, unknown> }
      >;
    const after = resources('b');
    const changed = Object.entries(resources('a')).filter(
      ([id, before]) => JSON.stringify(before) !== JSON.stringify(after[id]),
    );
    expect(changed.length).toBeGreaterThan(0);
    for (const [id, before] of changed) {
      const names = new Set([...Object.keys(before.Properties!), ...Object.keys(after[id]!.Properties!)]);
      const different = [...names].filter(
        (name) => JSON.stringify(before.Properties![name]) !== JSON.stringify(after[id]!.Properties![name]),
      );
      expect([id, different]).toEqual([id, [expect.stringMatching(/Tags$/)]]);
      const [type] = [...spec.lookup('resource', 'cloudFormationType', 'equals', before.Type)];
      expect([id, type?.properties[different[0]!]?.causesReplacement ?? 'no']).toEqual([id, 'no']);
    }
  },
);

test('the modes of the context reach the endpoint config', () => {
  stackOf({ hosting: 'serverless', memorySizeInMb: 3072 }).hasResourceProperties(
    'AWS::SageMaker::EndpointConfig',
    {
      ProductionVariants: [{ ServerlessConfig: { MemorySizeInMB: 3072, MaxConcurrency: 5 } }],
    },
  );
  stackOf({ instanceType: 'ml.c8g.xlarge' }).hasResourceProperties('AWS::SageMaker::EndpointConfig', {
    ProductionVariants: [{ InstanceType: 'ml.c8g.xlarge' }],
  });
});

test('refuses a model directory of another variant', () => {
  expect(() => stackOf({ variant: 'tiny' })).toThrow('holds turbo; the variant asked for is tiny');
});

describe('production', () => {
  const protectedBy = (environment: string) => {
    const app = testApp({ variant: 'tiny', modelDirectory: modelDirectory('tiny'), environment });
    const context = readContext(app.node);
    return new RerankerStack(app, 'Stack', {
      context,
      image: RerankerImage.fromAsset({ directory: buildContext() }),
    }).terminationProtection;
  };

  test.each(['prod', 'production'])('%s cannot be deleted by accident', (environment) => {
    expect(protectedBy(environment)).toBe(true);
  });

  test.each(['dev', 'preprod', 'prod-test'])('%s can be deleted', (environment) => {
    expect(protectedBy(environment)).toBe(false);
  });
});

test('the whole of it: key, isolated network, alarms by mail, price, function, API and batch', () => {
  const template = stackOf({
    ownKey: true,
    isolatedNetwork: true,
    alarmEmail: 'oncall@example.com',
    usdPerInstanceHour: 0.2,
    dataCapturePercentage: 5,
    maxInstanceCount: 4,
    consumers: 'function,api,batch',
  });
  template.resourceCountIs('AWS::EC2::VPC', 1);
  template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  template.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'oncall@example.com',
  });
  template.resourceCountIs('AWS::StepFunctions::StateMachine', 1);
  expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
    'AlarmTopicArn',
    'ApiUrl',
    'BatchBucket',
    'BatchStateMachineArn',
    'EndpointArn',
    'EndpointName',
    'FunctionName',
  ]);
});

test('several variants behind one endpoint', () => {
  const template = stackOf({
    hosting: 'multi-model',
    variant: 'turbo,tiny',
    modelDirectory: [modelDirectory('turbo'), modelDirectory('tiny')],
  });
  template.hasResourceProperties('AWS::SageMaker::Endpoint', {
    EndpointName: 'reranker-turbo-tiny-dev-multi',
  });
});

test('the image is built in the account when asked', () => {
  const app = testApp({ variant: 'tiny', modelDirectory: modelDirectory('tiny'), image: 'codebuild' });
  const stack = new RerankerStack(app, 'Stack', { context: readContext(app.node) });
  Template.fromStack(stack).resourceCountIs('AWS::CodeBuild::Project', 1);
});
