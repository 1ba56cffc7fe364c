import { Duration, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { metricLine } from '../../cli/train/metric-line';
import {
  DistillationJob,
  RerankerImage,
  RerankerNetwork,
  TRAINING_METRICS,
  type DistillationJobProps,
} from '../../infra';
import { buildContext, removeFixtures } from './support/fixtures';
import { nagFindings } from './support/nag';
import { emptyStack, roleStatements } from './support/stacks';

afterAll(removeFixtures);

function jobStack(props: Partial<DistillationJobProps> = {}, stack: Stack = emptyStack()) {
  const image = RerankerImage.fromAsset({ directory: buildContext() });
  new DistillationJob(stack, 'Job', { image, ...props });
  const template = Template.fromStack(stack);
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine')) as {
    Properties: { DefinitionString: { 'Fn::Join': [string, unknown[]] } };
  }[];
  const text = machine!.Properties.DefinitionString['Fn::Join'][1]
    .map((part) => (typeof part === 'string' ? part : '<ref>'))
    .join('');
  const definition = JSON.parse(text) as {
    States: Record<string, Record<string, unknown> & { Parameters: Record<string, unknown> }>;
  };
  return { stack, template, definition };
}

test('trains on spare capacity, cut off, with checkpoints that follow the prefix', () => {
  const { stack, definition } = jobStack();
  expect(definition).toMatchSnapshot();
  expect(definition.States.Train!.Parameters).toMatchObject({
    EnableManagedSpotTraining: true,
    EnableNetworkIsolation: true,
    StoppingCondition: { MaxRuntimeInSeconds: 86_400, MaxWaitTimeInSeconds: 172_800 },
    CheckpointConfig: { 'S3Uri.$': "States.Format('s3://<ref>/checkpoints/{}', $.prefix)" },
  });
  expect(nagFindings(stack)).toEqual([]);
});

test('its role reads and writes below its prefixes alone, and Step Functions passes that role alone', () => {
  const { template } = jobStack();
  const statements = roleStatements(template);
  expect(JSON.stringify(statements.get('ReadData')!.Resource)).toMatch(/\/input\/\*.*\/checkpoints\/\*/);
  expect(JSON.stringify(statements.get('WriteResults')!.Resource)).toMatch(/\/checkpoints\/\*.*\/models\/\*/);
  expect(JSON.stringify(statements.get('WriteLog')!.Resource)).toContain('/aws/sagemaker/TrainingJobs');
  for (const [sid, { Action }] of statements) {
    expect([sid, [Action].flat().filter((action) => String(action).includes('*'))]).toEqual([sid, []]);
  }
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'iam:PassRole',
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^JobRole'), 'Arn'] },
          Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
        }),
      ]),
    },
  });
});

test('takes a key, a network, and no spare capacity', () => {
  const stack = emptyStack();
  const { template, definition } = jobStack(
    {
      encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
      network: new RerankerNetwork(stack, 'Network').placement,
      spot: false,
      maxRuntime: Duration.hours(2),
    },
    stack,
  );
  const { Parameters } = definition.States.Train!;
  expect(Parameters).toMatchObject({
    EnableManagedSpotTraining: false,
    OutputDataConfig: { KmsKeyId: '<ref>' },
    ResourceConfig: { VolumeKmsKeyId: '<ref>' },
    VpcConfig: { Subnets: ['<ref>', '<ref>'], SecurityGroupIds: ['<ref>'] },
  });
  expect(Parameters.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 7200 });
  expect(roleStatements(template).has('PlaceInterfaces')).toBe(true);
  expect(nagFindings(stack)).toEqual([]);
});

test('reads each metric from the line that the container prints', () => {
  const line = metricLine({
    step: 20,
    steps: 4000,
    loss: 1.25e-7,
    accuracy: 0.5,
    agreement: 0.75,
    tokensPerSecond: 26_000.4,
    secondsLeft: 9,
  });
  const read = TRAINING_METRICS.map(({ Name, Regex }) => [Name, Number(new RegExp(Regex).exec(line)?.[1])]);
  expect(Object.fromEntries(read)).toEqual({
    'distillation:step': 20,
    'distillation:loss': 1.25e-7,
    'distillation:accuracy': 0.5,
    'distillation:agreement': 0.75,
    'distillation:tokens_per_second': 26_000,
  });
});

test('names every fault at once', () => {
  const faulty = {
    instanceType: 'ml.nothing.large',
    maxRuntime: Duration.days(2),
    maxWait: Duration.days(1),
    volumeSizeGb: 0,
    checkpointEvery: 0,
  };
  expect(() => jobStack(faulty)).toThrow(
    /4 faults\n[^]*ml\.nothing\.large[^]*maxWait is 86400 s[^]*volumeSizeGb is 0[^]*checkpointEvery is 0/,
  );
  expect(() => jobStack({ spot: false, maxWait: Duration.days(1) })).toThrow('maxWait is given without spot');
});
