import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import {
  DistillationJob,
  HOSTING_MODES,
  RerankerImage,
  RerankerStack,
  readContext,
} from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { testApp } from '../support/stacks.js';

afterAll(removeFixtures);

/** Actions that take no resource but "*", each service's page of the Service Authorization Reference says so. */
const WITHOUT_RESOURCE = new Set([
  'ecr:GetAuthorizationToken',
  'cloudwatch:PutMetricData',
  'ec2:DescribeDhcpOptions',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
  // Of a state machine that logs; Step Functions' developer guide ("Logging in CloudWatch Logs") gives them "*".
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
]);

/** What has no name before it is made: objects and jobs below a prefix of their own, log streams, network interfaces. */
const NAMED_LATER = [
  /\/(input|output|failure|checkpoints|models)\/\*$/,
  /\/models\/[0-9a-f]{16}\/\*$/,
  /\/data-capture\/[a-z0-9-]+\/\*$/,
  /:log-group:\/aws\/sagemaker\/(Endpoints|InferenceComponents)\/[a-z0-9-]+:log-stream:\*$/,
  /:log-group:\/aws\/sagemaker\/(TransformJobs|TrainingJobs):log-stream:[A-Za-z0-9-]{8,26}-\*$/,
  /:ec2:[^/]*:network-interface\/\*$/,
  /:sagemaker:[^/]*:(transform|training)-job\/[A-Za-z0-9-]{8,26}-\*$/,
];

/** Policies of a bucket or a key, for whom the CDK or AWS writes them; each opens this one resource alone. */
const OWN_RESOURCE: Readonly<Record<string, { readonly actions: RegExp; readonly principal: RegExp }>> = {
  // The key policy that KMS documents as the default: without it nobody could manage the key.
  'AWS::KMS::Key': { actions: /^kms:\*$/, principal: /:root$/ },
  // The function of the CDK that empties a bucket of models before the stack is deleted.
  'AWS::S3::BucketPolicy': {
    actions: /^s3:(DeleteObject\*|GetBucket\*|List\*|PutBucketPolicy)$/,
    principal: /CustomS3AutoDeleteObjectsCustomResourceProviderRole/,
  },
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
}
interface CfnResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

function policyDocuments({ Properties = {} }: CfnResource): { Statement: Statement[] }[] {
  const { PolicyDocument, KeyPolicy, Policies } = Properties as Record<string, never>;
  return [
    PolicyDocument,
    KeyPolicy,
    ...((Policies ?? []) as { PolicyDocument: never }[]).map((p) => p.PolicyDocument),
  ].filter((document) => document !== undefined);
}

/** An ARN with its intrinsic functions flattened: their operands, joined. */
function flat(value: unknown): string {
  if (Array.isArray(value)) return value.map(flat).join('');
  return typeof value === 'object' && value !== null
    ? Object.values(value).map(flat).join('')
    : String(value);
}

/** Statements that admit more than they name, as `logical id: action on resource`. */
function openings(resources: Record<string, CfnResource>): string[] {
  return Object.entries(resources).flatMap(([id, resource]) =>
    policyDocuments(resource)
      .flatMap(({ Statement }) => Statement)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap((statement) => {
        const own = OWN_RESOURCE[resource.Type];
        const principal = flat(statement.Principal ?? '');
        return [statement.Action]
          .flat()
          .flatMap((action) =>
            [statement.Resource].flat().map((each) => ({ id, own, principal, action, arn: flat(each) })),
          );
      })
      .filter(({ action, arn, own, principal }) => {
        if (!`${action}${arn}`.includes('*')) return false;
        if (own && own.actions.test(action) && own.principal.test(principal)) return false;
        if (action.includes('*')) return true;
        return arn === '*' ? !WITHOUT_RESOURCE.has(action) : !NAMED_LATER.some((form) => form.test(arn));
      })
      .map(({ action, arn }) => `${id}: ${action} on ${arn}`),
  );
}

/** Everything that can be deployed with a mode, in one stack. */
function wholeStack(mode: (typeof HOSTING_MODES)[number]): RerankerStack {
  const directory = buildContext();
  writeFileSync(path.join(directory, '.dockerignore'), '*\n');
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\n');
  const app = testApp({
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    variant: 'tiny',
    modelDirectory: modelDirectory('tiny'),
    hosting: mode,
    ownKey: mode !== 'serverless',
    isolatedNetwork: mode !== 'serverless',
    alarmEmail: 'oncall@example.com',
    consumers: 'function,api,batch',
    ...(mode === 'real-time' && { dataCapturePercentage: 5, maxInstanceCount: 4 }),
  });
  const image = RerankerImage.fromCodeBuild({ directory });
  const stack = new RerankerStack(app, 'Stack', { context: readContext(app.node), image });
  new DistillationJob(stack, 'Distillation', {
    image: RerankerImage.fromCodeBuild({ directory, purpose: 'training' }),
  });
  return stack;
}

describe.each(HOSTING_MODES)('everything with %s', (mode) => {
  const stack = wholeStack(mode);
  const resources = (Template.fromStack(stack).toJSON() as { Resources: Record<string, CfnResource> })
    .Resources;

  test('opens no more than AWS, or names that come later, leave no choice about', () => {
    expect(openings(resources)).toEqual([]);
  });

  test('takes from AWS the policy that lets functions of the CDK log, and no other', () => {
    const managed = Object.values(resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::IAM::Role' ? ((Properties?.ManagedPolicyArns ?? []) as unknown[]).map(flat) : [],
    );
    expect(
      managed.filter((arn) => !arn.endsWith(':policy/service-role/AWSLambdaBasicExecutionRole')),
    ).toEqual([]);
  });

  test('has a reason for everything that the AWS Solutions rules would find', () => {
    expect(nagFindings(stack)).toEqual([]);
  });
});

test('a statement that is too open is found', () => {
  const role = (Action: string | string[], Resource: unknown) => ({
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } },
  });
  const bucket = { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, '/*']] };
  expect(
    openings({
      Objects: role('s3:GetObject', bucket),
      Actions: role('s3:Get*', 'arn:aws:s3:::bucket/key'),
      Jobs: role('sagemaker:StopTrainingJob', 'arn:aws:sagemaker:eu-west-1:1:training-job/*'),
      Everything: role(['ecr:GetAuthorizationToken', 'ecr:PutImage'], '*'),
      Key: {
        Type: 'AWS::KMS::Key',
        Properties: {
          KeyPolicy: {
            Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: { AWS: '*' } }],
          },
        },
      },
    }),
  ).toEqual([
    'Objects: s3:GetObject on BucketArn/*',
    'Actions: s3:Get* on arn:aws:s3:::bucket/key',
    'Jobs: sagemaker:StopTrainingJob on arn:aws:sagemaker:eu-west-1:1:training-job/*',
    'Everything: ecr:PutImage on *',
    'Key: kms:* on *',
  ]);
});
