import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HOSTING_MODES, type Hosting, RerankerEndpoint, RerankerNetwork } from '@sagemaker-reranker/infra';
import { removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { emptyStack, endpointStack, propsFor, roleStatements } from '../support/stacks.js';

afterAll(removeFixtures);

describe.each(HOSTING_MODES)('the role of %s', (mode) => {
  const statements = roleStatements(endpointStack({ mode }).template());

  test('names its actions one by one', () => {
    for (const [sid, { Action }] of statements) {
      expect([sid, [Action].flat().filter((action) => String(action).includes('*'))]).toEqual([sid, []]);
    }
  });

  test('is open only where AWS or the names of objects leave no choice', () => {
    const open = [...statements]
      .filter(([, { Resource }]) => JSON.stringify(Resource).includes('*'))
      .map(([sid]) => sid);
    const always = ['SignInToRegistry', 'WriteLog', 'WriteMetrics'];
    expect(open).toEqual(
      {
        'real-time': always,
        serverless: always,
        'inference-components': always,
        asynchronous: [...always, 'ExchangeRead', 'ExchangeWrite'],
        'multi-model': [...always, 'ModelsRead'],
      }[mode],
    );
  });

  test('writes metrics to the namespaces of SageMaker alone', () => {
    expect(statements.get('WriteMetrics')).toMatchObject({
      Condition: {
        StringEquals: {
          'cloudwatch:namespace': ['/aws/sagemaker/Endpoints', '/aws/sagemaker/InferenceComponents'],
        },
      },
    });
  });
});

describe('network isolation', () => {
  test.each(HOSTING_MODES.filter((mode) => mode !== 'serverless'))('is the default of %s', (mode) => {
    endpointStack({ mode })
      .template()
      .allResourcesProperties('AWS::SageMaker::Model', { EnableNetworkIsolation: true });
  });

  test('is off for serverless, which refuses it, and where it is declined', () => {
    for (const hosting of [
      { mode: 'serverless' },
      { mode: 'real-time', networkIsolation: false },
    ] satisfies Hosting[]) {
      endpointStack(hosting)
        .template()
        .allResourcesProperties('AWS::SageMaker::Model', { EnableNetworkIsolation: false });
    }
  });
});

describe('in a VPC', () => {
  const inNetwork = (mode: 'real-time' | 'inference-components') => {
    const stack = emptyStack();
    const network = new RerankerNetwork(stack, 'Network').placement;
    new RerankerEndpoint(stack, 'Reranker', propsFor({ mode, network }));
    return { stack, template: Template.fromStack(stack) };
  };

  test('the instances are placed by the model, with a group that lets nothing in', () => {
    const { template, stack } = inNetwork('real-time');
    template.hasResourceProperties('AWS::SageMaker::Model', {
      VpcConfig: { Subnets: [Match.anyValue(), Match.anyValue()], SecurityGroupIds: [Match.anyValue()] },
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Instances of the reranker endpoint: nothing in, HTTPS out',
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [{ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' }],
    });
    expect(nagFindings(stack)).toEqual([]);
  });

  test('or by the endpoint config, with inference components', () => {
    const { template } = inNetwork('inference-components');
    template.allResourcesProperties('AWS::SageMaker::Model', { VpcConfig: Match.absent() });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', { VpcConfig: Match.anyValue() });
  });

  test('there is no way to the internet, and endpoints for all that SageMaker and callers need', () => {
    const { template } = inNetwork('real-time');
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    const services = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map((endpoint) =>
      JSON.stringify((endpoint as { Properties: { ServiceName: unknown } }).Properties.ServiceName),
    );
    for (const service of ['.s3', '.ecr.api', '.ecr.dkr', '.logs', '.monitoring', '.sagemaker.runtime']) {
      expect(services.some((name) => name.includes(service))).toBe(true);
    }
  });

  test('the role may place interfaces in these subnets, for this VPC', () => {
    const statements = roleStatements(inNetwork('real-time').template);
    expect(JSON.stringify(statements.get('PlaceInterfaces')!.Resource)).toContain(':subnet/');
    expect(statements.get('UseInterfaces')).toMatchObject({ Condition: { ArnEquals: { 'ec2:Vpc': {} } } });
  });

  test('one to five security groups are taken', () => {
    const stack = emptyStack();
    const { vpc } = new RerankerNetwork(stack, 'Network').placement;
    const hosting = { mode: 'real-time', network: { vpc, securityGroups: [] } } as const;
    expect(() => new RerankerEndpoint(stack, 'Reranker', propsFor(hosting))).toThrow(
      'hosting.network.securityGroups holds 0; SageMaker takes 1 to 5',
    );
  });

  test.each([
    [
      'a selection that is empty',
      () => ({ subnets: { subnets: [] } }),
      /selects 0 subnets; SageMaker takes 1/,
    ],
    [
      'a kind of subnet that the VPC lacks',
      () => ({ subnets: { subnetType: SubnetType.PUBLIC } }),
      /names no subnets: .*Public.*; SageMaker takes 1 to 16/s,
    ],
  ])('%s is refused', (_, selection, message) => {
    const stack = emptyStack();
    const { vpc } = new RerankerNetwork(stack, 'Network').placement;
    const hosting = { mode: 'real-time', network: { vpc, ...selection() } } as const;
    expect(() => new RerankerEndpoint(stack, 'Reranker', propsFor(hosting))).toThrow(message);
  });
});

describe('keys', () => {
  test('encrypt volumes, captured data and the bucket that takes it', () => {
    const stack = emptyStack();
    const key = new Key(stack, 'Key', { enableKeyRotation: true });
    new RerankerEndpoint(
      stack,
      'Reranker',
      propsFor(
        {
          mode: 'real-time',
          volumeKey: key,
          dataCapture: { samplingPercentage: 5, capture: 'input', encryptionKey: key },
        },
        { endpointName: 'reranker-test' },
      ),
    );
    const template = Template.fromStack(stack);
    const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      KmsKeyId: arn,
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 5,
        CaptureOptions: [{ CaptureMode: 'Input' }],
        KmsKeyId: arn,
      },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30 }] },
    });
    const statements = roleStatements(template);
    expect(statements.get('LendVolumeKey')).toMatchObject({
      Action: 'kms:CreateGrant',
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    });
    expect(JSON.stringify(statements.get('CaptureWrite')!.Resource)).toContain(
      'data-capture/reranker-test/*',
    );
    expect(nagFindings(stack)).toEqual([]);
  });

  test('traffic is not recorded unless asked', () => {
    endpointStack()
      .template()
      .hasResourceProperties('AWS::SageMaker::EndpointConfig', { DataCaptureConfig: Match.absent() });
  });
});

describe('asynchronous exchange', () => {
  test('answers go to the bucket, failures beside them, and topics hear of both', () => {
    const stack = emptyStack();
    const errorTopic = new Topic(stack, 'Errors', { enforceSSL: true });
    new RerankerEndpoint(
      stack,
      'Reranker',
      propsFor({ mode: 'asynchronous', errorTopic, maxConcurrentInvocationsPerInstance: 2 }),
    );
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 2 },
        OutputConfig: {
          S3OutputPath: { 'Fn::Join': ['', Match.arrayWith(['/output'])] },
          S3FailurePath: { 'Fn::Join': ['', Match.arrayWith(['/failure'])] },
          NotificationConfig: { ErrorTopic: { Ref: Match.stringLikeRegexp('Errors') } },
        },
      },
    });
    expect(roleStatements(template).get('Notify')).toMatchObject({ Action: 'sns:Publish' });
  });

  test('a caller may invoke, put requests and get answers, no more', () => {
    const { stack, endpoint, template } = endpointStack({ mode: 'asynchronous' });
    endpoint.grantInvoke(
      new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
    );
    const [policy] = Object.values(template().findResources('AWS::IAM::Policy')) as {
      Properties: { PolicyDocument: { Statement: { Action: string | string[] }[] } };
    }[];
    const granted = policy!.Properties.PolicyDocument.Statement.map(({ Action }) => Action);
    expect(granted.flat().sort()).toEqual([
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'sagemaker:InvokeEndpointAsync',
    ]);
  });
});
