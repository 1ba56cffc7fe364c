import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { metricLine } from '../../../distillation/src/train/metric-line.js';
import {
  DistillationJob,
  type DistillationJobProps,
  RerankerImage,
  RerankerNetwork,
  TRAINING_METRICS,
} from '@sagemaker-reranker/infra';
import { buildContext, removeFixtures, temporaryDirectory } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { emptyStack, roleStatements } from '../support/stacks.js';

afterAll(removeFixtures);

/** A build context of its own for the training image. */
function trainingContext(): string {
  const directory = temporaryDirectory();
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\n');
  return directory;
}

function jobStack(props: Partial<DistillationJobProps> = {}, stack: Stack = emptyStack()) {
  const image = RerankerImage.fromAsset({ directory: trainingContext(), purpose: 'training' });
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
  expect(JSON.stringify(statements.get('TrainingRead')!.Resource)).toMatch(/\/input\/\*.*\/checkpoints\/\*/);
  expect(JSON.stringify(statements.get('TrainingWrite')!.Resource)).toMatch(
    /\/checkpoints\/\*.*\/models\/\*/,
  );
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

test('builds its image of this package, from the files that its Dockerfile copies and nothing else', () => {
  const outdir = temporaryDirectory();
  const app = new App({ outdir });
  new DistillationJob(new Stack(app, 'Test'), 'Job', { instanceType: 'ml.c7g.4xlarge' });
  app.synth();
  const [manifest] = readdirSync(outdir).filter((name) => name.endsWith('.assets.json'));
  const { dockerImages } = JSON.parse(readFileSync(path.join(outdir, manifest!), 'utf8')) as {
    dockerImages: Record<string, { source: { directory: string; dockerFile: string; platform: string } }>;
  };
  const [image] = Object.values(dockerImages);
  expect(image!.source).toMatchObject({ platform: 'linux/arm64' });
  const context = path.join(outdir, image!.source.directory);
  expect(readdirSync(context).sort()).toEqual([
    'Dockerfile',
    'main.js',
    'natives.mjs',
    'package-lock.json',
    'package.json',
    'worker.js',
  ]);
});

test('builds its image with CodeBuild apart from the one that serves', () => {
  const stack = emptyStack();
  for (const purpose of ['serving', 'training'] as const) {
    const image = RerankerImage.fromCodeBuild({ purpose });
    image.bind(stack, 'First', 'x86_64');
    image.bind(stack, 'Second', 'x86_64');
  }
  const projects = Object.values(Template.fromStack(stack).findResources('AWS::CodeBuild::Project'));
  expect(projects).toHaveLength(2);
});

test('refuses an image that serves, and a context without its Dockerfile', () => {
  const serving = RerankerImage.fromAsset({ directory: buildContext() });
  expect(() => jobStack({ image: serving })).toThrow("a training job wants one of purpose 'training'");
  const directory = temporaryDirectory();
  expect(() => RerankerImage.fromAsset({ directory, purpose: 'training' })).toThrow(
    `no Dockerfile at ${path.join(directory, 'Dockerfile')}`,
  );
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
  const encryptionKey = new Key(emptyStack(), 'Key');
  expect(() => jobStack({ instanceType: 'ml.c5d.2xlarge', encryptionKey })).toThrow(
    /encryptionKey is given for ml\.c5d\.2xlarge; .* local disks/,
  );
  expect(() => jobStack({ spot: false, maxWait: Duration.days(1) })).toThrow('maxWait is given without spot');
});
