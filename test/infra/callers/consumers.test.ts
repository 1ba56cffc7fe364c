import { randomUUID } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  type Hosting,
  RerankerApi,
  type RerankerApiProps,
  RerankerBatch,
  type RerankerBatchProps,
  RerankerEndpoint,
  RerankerFunction,
  type RerankerFunctionProps,
  RerankerImage,
  RerankerModel,
} from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { emptyStack, endpointStack, roleStatements, testApp } from '../support/stacks.js';

afterAll(removeFixtures);

function functionStack(hosting?: Hosting, props: Partial<RerankerFunctionProps> = {}) {
  const { stack, endpoint } = endpointStack(hosting, { endpointName: 'reranker-test' });
  const reranker = new RerankerFunction(stack, 'Function', { endpoint, ...props });
  return { stack, reranker };
}

describe('RerankerFunction', () => {
  test('is bundled for arm64, limited, traced, and keeps what failed', () => {
    const { stack } = functionStack();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetters'), 'Arn'] } },
      Environment: { Variables: { RERANKER_ENDPOINT_NAME: Match.anyValue() } },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Action: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
            Effect: 'Allow',
            Resource: { Ref: Match.stringLikeRegexp('RerankerEndpoint') },
          },
        ]),
      },
    });
    expect(nagFindings(stack)).toEqual([]);
  });

  test.each<[Hosting, Record<string, unknown>]>([
    [{ mode: 'multi-model' }, { RERANKER_TARGET_MODEL: 'turbo.tar.gz' }],
    [{ mode: 'inference-components' }, { RERANKER_INFERENCE_COMPONENT: 'reranker-test-turbo' }],
    [{ mode: 'serverless' }, { RERANKER_PAYLOAD_LIMIT_BYTES: '4194304' }],
    [{ mode: 'asynchronous' }, { RERANKER_INPUT_LOCATION: Match.anyValue() }],
  ])('knows how to call %j', (hosting, variables) => {
    const { stack } = functionStack(hosting);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Environment: { Variables: variables },
    });
  });

  test('calls the variant it is told to, if the endpoint serves it', () => {
    const { stack } = functionStack({ mode: 'multi-model' }, { variant: 'tiny' });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { RERANKER_TARGET_MODEL: 'tiny.tar.gz' } },
    });
    expect(() => functionStack({ mode: 'multi-model' }, { variant: 'base' })).toThrow(
      'variant is "base"; this endpoint serves turbo, tiny',
    );
  });

  test('of an imported endpoint; without a reservation unless asked: accounts with a small limit have none to give', () => {
    const stack = emptyStack();
    const endpoint = RerankerEndpoint.fromEndpointName(stack, 'Imported', 'elsewhere');
    new RerankerFunction(stack, 'Function', { endpoint });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
      Environment: { Variables: { RERANKER_ENDPOINT_NAME: 'elsewhere' } },
    });
  });

  test('of an endpoint elsewhere: another region is called there, another account is refused', () => {
    const env = { account: '111122223333', region: 'eu-west-1' };
    const stack = new Stack(testApp({ 'aws:cdk:bundling-stacks': [] }), 'Here', { env });
    const imported = (id: string, place: string) =>
      RerankerEndpoint.fromEndpointArn(stack, id, `arn:aws:sagemaker:${place}:endpoint/elsewhere`);
    new RerankerFunction(stack, 'Function', { endpoint: imported('Region', 'us-east-1:111122223333') });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { RERANKER_ENDPOINT_NAME: 'elsewhere', RERANKER_REGION: 'us-east-1' } },
    });
    const foreign = imported('Account', 'eu-west-1:444455556666');
    expect(() => new RerankerFunction(stack, 'Foreign', { endpoint: foreign })).toThrow(
      /endpoint is of account 444455556666, and SageMaker takes calls of its own account alone/,
    );
  });

  test('names every fault', () => {
    expect(() => functionStack(undefined, { memorySize: 64, reservedConcurrency: 0 })).toThrow(
      /2 faults\n.*memorySize is 64.*\n.*reservedConcurrency is 0/,
    );
  });
});

describe('RerankerApi', () => {
  const apiStack = (props: Partial<RerankerApiProps> = {}) => {
    const { stack, reranker } = functionStack();
    return { stack, api: new RerankerApi(stack, 'Api', { function: reranker, ...props }) };
  };

  test('has one route, with IAM authorization, a limit and an access log', () => {
    const { stack, api } = apiStack();
    api.grantInvoke(new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'POST /rerank',
      AuthorizationType: 'AWS_IAM',
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: Match.anyValue(),
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Action: 'execute-api:Invoke' }] },
    });
    expect(nagFindings(stack)).toEqual([]);
  });

  test('or admits users of a Cognito pool', () => {
    const stack = emptyStack();
    const endpoint = RerankerEndpoint.fromEndpointName(stack, 'Imported', 'elsewhere');
    const api = new RerankerApi(stack, 'Api', {
      function: new RerankerFunction(stack, 'Function', { endpoint }),
      authorization: { kind: 'cognito', userPool: new UserPool(stack, 'Users') },
    });
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'JWT' });
    expect(() =>
      api.grantInvoke(new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })),
    ).toThrow('authorizes users of a Cognito pool');
  });

  test('refuses a limit of nothing', () => {
    expect(() => apiStack({ requestsPerSecond: 0 })).toThrow('requestsPerSecond is 0');
  });
});

describe('RerankerBatch', () => {
  const batchStack = (props: RerankerBatchProps = {}) => {
    const stack = emptyStack();
    const batch = new RerankerBatch(stack, 'Batch', {
      model: RerankerModel.fromDirectory(modelDirectory('tiny')),
      image: RerankerImage.fromAsset({ directory: buildContext() }),
      ...props,
    });
    return { stack, batch };
  };
  const definitionOf = (stack: Stack) => {
    const [machine] = Object.values(
      Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'),
    ) as { Properties: { DefinitionString: { 'Fn::Join': [string, unknown[]] } } }[];
    const text = machine!.Properties.DefinitionString['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : '<ref>'))
      .join('');
    return JSON.parse(text) as {
      StartAt: string;
      States: Record<string, Record<string, unknown> & { Parameters: Record<string, unknown> }>;
    };
  };

  test('transforms every line of the objects below a prefix, and reports either way', () => {
    const { stack } = batchStack({ instanceType: 'ml.c7i.xlarge', instanceCount: 3 });
    const { StartAt, States } = definitionOf(stack);
    expect(StartAt).toBe('CheckPrefix');
    expect(States.Transform).toMatchObject({
      Resource: 'arn:<ref>:states:::sagemaker:createTransformJob.sync',
      Parameters: {
        BatchStrategy: 'SingleRecord',
        MaxConcurrentTransforms: 8,
        MaxPayloadInMB: 6,
        TransformInput: { SplitType: 'Line', ContentType: 'application/json' },
        TransformOutput: { AssembleWith: 'Line' },
        TransformResources: { InstanceCount: 3, InstanceType: 'ml.c7i.xlarge' },
      },
      Catch: [{ Next: 'ReportFailure' }],
      Next: 'ReportSuccess',
    });
    expect(States.ReportFailure).toMatchObject({ Next: 'Failed' });
    expect(nagFindings(stack)).toEqual([]);
  });

  test('its jobs begin with a name of its own, no longer with a UUID than SageMaker takes', () => {
    const { stack } = batchStack();
    const name = String(definitionOf(stack).States.Transform!.Parameters['TransformJobName.$']);
    const [, prefix] = /^States\.Format\('([A-Za-z0-9-]+)-\{\}', \$\$\.Execution\.Name\)$/.exec(name) ?? [];
    expect(`${prefix}-${randomUUID()}`).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['sagemaker:StopTransformJob']),
            Resource: { 'Fn::Join': ['', Match.arrayWith([`:transform-job/${prefix}-*`])] },
          }),
        ]),
      },
    });
  });

  test('a line has the time that SageMaker waits for it, and the instance is divided as for an endpoint', () => {
    const { stack } = batchStack({ instanceType: 'ml.c7i.2xlarge' });
    const { ModelClientConfig } = definitionOf(stack).States.Transform!.Parameters;
    expect(ModelClientConfig).toMatchObject({ InvocationsTimeoutInSeconds: 600 });
    Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: {
        Environment: { RERANKER_DEADLINE_MS: '600000', RERANKER_WORKERS: '8', RERANKER_THREADS: '1' },
      },
    });
  });

  test('payload times concurrency stays within what SageMaker takes, whatever the instance', () => {
    const { stack } = batchStack({ instanceType: 'ml.c7i.48xlarge' });
    const { MaxConcurrentTransforms, MaxPayloadInMB } = definitionOf(stack).States.Transform!.Parameters;
    expect(Number(MaxConcurrentTransforms) * Number(MaxPayloadInMB)).toBeLessThanOrEqual(100);
  });

  test('its role reads requests and writes answers, below their prefixes', () => {
    const statements = roleStatements(Template.fromStack(batchStack().stack));
    expect(JSON.stringify(statements.get('BatchRead'))).toContain('/input/*');
    expect(JSON.stringify(statements.get('BatchWrite'))).toContain('/output/*');
    expect(statements.get('BatchList')).toMatchObject({
      Condition: { StringLike: { 's3:prefix': ['input/*'] } },
    });
  });

  test('refuses what batch transform has not', () => {
    expect(() => batchStack({ instanceType: 'ml.c7g.large', instanceCount: 0 })).toThrow(
      /2 faults\n.*ml\.c7g\.large is none that batch transform takes.*\n.*instanceCount is 0/,
    );
    const encryptionKey = new Key(emptyStack(), 'Key');
    expect(() => batchStack({ instanceType: 'ml.m5d.large', encryptionKey })).toThrow(
      /encryptionKey is given for ml\.m5d\.large; .* local disks.*: leave it out, or take ml\.m5\.large/,
    );
  });
});
