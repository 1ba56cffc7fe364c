import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  type CpuArchitecture,
  RerankerEndpoint,
  RerankerImage,
  RerankerModel,
} from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { emptyStack } from '../support/stacks.js';

afterAll(removeFixtures);

function built(instanceType: string, directory = buildContext()) {
  const stack = emptyStack();
  new RerankerEndpoint(stack, 'Reranker', {
    model: RerankerModel.fromDirectory(modelDirectory('tiny')),
    image: RerankerImage.fromCodeBuild({ directory }),
    hosting: { mode: 'real-time', instanceType },
  });
  return { stack, template: Template.fromStack(stack) };
}

test.each([
  ['ml.c7g.large', 'ARM_CONTAINER', 'arm64'],
  ['ml.c7i.large', 'LINUX_CONTAINER', 'x86_64'],
] as const)('%s is built for on %s', (instanceType, Type, architecture: CpuArchitecture) => {
  const { template } = built(instanceType);
  template.hasResourceProperties('AWS::CodeBuild::Project', { Environment: { Type, PrivilegedMode: true } });
  const [model] = Object.values(template.findResources('AWS::SageMaker::Model')) as {
    Properties: { PrimaryContainer: { Image: unknown } };
  }[];
  expect(JSON.stringify(model!.Properties.PrimaryContainer.Image)).toMatch(
    new RegExp(`:[0-9a-f]{32}-${architecture}"`),
  );
});

test('the model waits for the signal of the build', () => {
  const { template } = built('ml.c7i.large');
  template.hasResource('AWS::SageMaker::Model', {
    DependsOn: Match.arrayWith([Match.stringLikeRegexp('Built')]),
  });
  template.hasResource('AWS::CloudFormation::WaitCondition', {
    Properties: { Count: 1, Timeout: '1800' },
    DependsOn: Match.arrayWith([Match.stringLikeRegexp('Start')]),
  });
});

test('a changed context is another build with a signal of its own', () => {
  const directory = buildContext();
  const conditions = () =>
    Object.keys(
      built('ml.c7i.large', directory).template.findResources('AWS::CloudFormation::WaitCondition'),
    );
  const before = conditions();
  expect(conditions()).toEqual(before);
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\nUSER 1\n');
  expect(conditions()).not.toEqual(before);
});

test('one build serves all that run the image', () => {
  const stack = emptyStack();
  const image = RerankerImage.fromCodeBuild({ directory: buildContext() });
  const model = RerankerModel.fromDirectory(modelDirectory('tiny'));
  for (const id of ['One', 'Two']) new RerankerEndpoint(stack, id, { image, model });
  Template.fromStack(stack).resourceCountIs('AWS::CodeBuild::Project', 1);
});

test('passes the AWS Solutions rules, and starts no other project', () => {
  const { stack, template } = built('ml.c7i.large');
  expect(nagFindings(stack)).toEqual([]);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: 'codebuild:StartBuild',
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('Project'), 'Arn'] },
        },
      ],
    },
  });
});
