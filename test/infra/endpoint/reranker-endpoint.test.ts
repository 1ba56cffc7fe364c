import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  HOSTING_MODES,
  type Hosting,
  type HostingMode,
  RerankerEndpoint,
  RerankerImage,
  RerankerModel,
} from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { withoutDigests } from '../support/snapshot.js';
import { emptyStack, endpointStack, roleStatements } from '../support/stacks.js';

afterAll(removeFixtures);

/** Hosting with the settings that would else follow from measurements: a new one must not change a snapshot. */
const snapshotHosting: Readonly<Record<HostingMode, Hosting>> = {
  'real-time': { mode: 'real-time' },
  serverless: { mode: 'serverless', memorySizeInMb: 2048 },
  asynchronous: { mode: 'asynchronous', backlogPerInstance: 30, maxInstanceCount: 2 },
  'multi-model': { mode: 'multi-model' },
  'inference-components': {
    mode: 'inference-components',
    concurrencyPerCopy: 2,
    maxInstanceCount: 2,
    maxCopyCount: 4,
  },
};

describe.each(HOSTING_MODES)('%s', (mode) => {
  const { stack, template } = endpointStack(snapshotHosting[mode], {
    endpointName: 'reranker-test',
    environment: { RERANKER_QUEUE_TOKENS: '2000000' },
  });

  test('template', () => {
    expect(withoutDigests(template())).toMatchSnapshot();
  });

  test('passes the AWS Solutions rules', () => {
    template();
    expect(nagFindings(stack)).toEqual([]);
  });
});

test('the role reads this model, pulls this image, writes this log group, and may be taken for this account only', () => {
  const { template } = endpointStack();
  const statements = [...roleStatements(template()).values()];
  const open = statements.filter((statement) => JSON.stringify(statement.Resource).includes('*'));
  expect(open.map((statement) => statement.Sid)).toEqual(['SignInToRegistry', 'WriteLog', 'WriteMetrics']);
  expect(JSON.stringify(statements.map((statement) => statement.Action))).not.toContain('*');
  template().hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        { Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }, Effect: 'Allow' },
      ],
    },
  });
});

describe('generations', () => {
  test('model, config and role are replaced, not updated, and the replaced ones stay', () => {
    const template = endpointStack().template();
    for (const type of ['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig', 'AWS::IAM::Role']) {
      template.hasResource(type, { UpdateReplacePolicy: 'Retain', DeletionPolicy: 'Delete' });
    }
    // A name of our own would collide when content returns to what a retained config holds.
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', { EndpointConfigName: Match.absent() });
    template.hasResourceProperties('AWS::SageMaker::Model', { ModelName: Match.absent() });
  });

  test('the role path follows the model, which forces a role of its own for every generation', () => {
    const pathOf = (content: string) => {
      const model = RerankerModel.fromDirectory(modelDirectory('tiny', content));
      const roles = endpointStack(undefined, { model }).template().findResources('AWS::IAM::Role');
      return (Object.values(roles)[0] as { Properties: { Path: string } }).Properties.Path;
    };
    expect(pathOf('one')).toMatch(/^\/sagemaker-reranker\/[0-9a-f]{16}\/$/);
    expect(pathOf('one')).toBe(pathOf('one'));
    expect(pathOf('other')).not.toBe(pathOf('one'));
  });

  test('nothing is kept when told so', () => {
    endpointStack(undefined, { retainPrevious: false })
      .template()
      .hasResource('AWS::SageMaker::EndpointConfig', { UpdateReplacePolicy: Match.absent() });
  });
});

test('environment reaches the container, over what hosting implies', () => {
  endpointStack(
    { mode: 'serverless' },
    {
      environment: { RERANKER_BATCH_TOKENS: '2048', RERANKER_MAX_BODY_BYTES: '1048576' },
    },
  )
    .template()
    .hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: {
        Environment: { RERANKER_BATCH_TOKENS: '2048', RERANKER_MAX_BODY_BYTES: '1048576' },
      },
    });
});

describe('as an IEndpoint', () => {
  const invoker = (stack: ReturnType<typeof emptyStack>) =>
    new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

  test('grants the invocation of this endpoint and nothing else', () => {
    const { stack, endpoint, template } = endpointStack();
    endpoint.grantInvoke(invoker(stack));
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
            Effect: 'Allow',
            Resource: { Ref: Match.stringLikeRegexp('Endpoint') },
          },
        ],
      },
    });
  });

  test('an imported one is known by its name, lower-cased in the ARN as SageMaker does', () => {
    const stack = emptyStack();
    const endpoint = RerankerEndpoint.fromEndpointName(stack, 'Imported', 'My-Reranker');
    endpoint.grantInvoke(invoker(stack));
    expect(endpoint.endpointName).toBe('My-Reranker');
    expect(endpoint.endpointRef.endpointArn).toBe(endpoint.endpointArn);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SageMaker::Endpoint', 0);
    expect(JSON.stringify(template.toJSON())).toContain(':endpoint/my-reranker');
  });
});

test('one message names every fault', () => {
  const broken = () =>
    new RerankerEndpoint(emptyStack(), 'Reranker', {
      model: RerankerModel.fromDirectory(modelDirectory('tiny')),
      image: RerankerImage.fromAsset({ directory: buildContext() }),
      endpointName: 'Reranker_1',
      hosting: { mode: 'real-time', instanceType: 'ml.g5.xlarge', initialInstanceCount: 0 },
      environment: { LONG: 'x'.repeat(1025) },
    });
  expect(broken).toThrow(/^RerankerEndpoint Test\/Reranker: 4 faults\n/);
  expect(broken).toThrow(/ml\.g5\.xlarge/);
  expect(broken).toThrow(/hosting\.initialInstanceCount is 0/);
  expect(broken).toThrow(/endpointName "Reranker_1"/);
  expect(broken).toThrow(/environment\.LONG is longer than 1,024 characters/);
});

test.each(['a', 'a-b', 'a1', 'x'.repeat(63)])('endpointName %s is allowed', (endpointName) => {
  expect(() => endpointStack(undefined, { endpointName })).not.toThrow();
});

test.each(['', 'A', '-a', 'a-', 'a--b', 'a_b', 'x'.repeat(64)])(
  'endpointName "%s" is refused',
  (endpointName) => {
    expect(() => endpointStack(undefined, { endpointName })).toThrow('must be 1 to 63 lower-case letters');
  },
);
