import { createHash } from 'node:crypto';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import {
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
  type IRole,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../common/acknowledge.js';
import type { RoleGrant } from '../common/grants.js';
import type { BoundImage } from '../image/reranker-image.js';

export interface ExecutionRoleProps {
  /** What runs with it, for its description: `endpoint reranker-tiny-dev`. */
  readonly runs: string;
  /** The images that it runs. */
  readonly images: readonly BoundImage[];
  /** Where the model data lies; a new place makes a new role. */
  readonly modelUrls: readonly string[];
  /** Names of the log groups that the containers write to. */
  readonly logGroupNames: readonly string[];
  /**
   * Whether the groups exist before the containers do. A role that may make one makes it again for a last line after the
   * stack has deleted it, and then stands in the way of the next deployment.
   */
  readonly logGroupsMade: boolean;
  /**
   * Names of the log streams, as a pattern, where the groups are shared with others.
   * @default all
   */
  readonly logStreams?: string;
  /** What the model data, the network and the hosting mode ask for besides. */
  readonly grants: readonly RoleGrant[];
}

/**
 * The role SageMaker takes to run the containers: this image, these model objects, these log groups, nothing else.
 *
 * The path carries a digest of image and models: it forces a new role for a new generation, so that while a deployment
 * shifts traffic, or rolls back, the old fleet can still read the old model.
 */
export function executionRole(scope: Construct, id: string, props: ExecutionRoleProps): Role {
  const stack = Stack.of(scope);
  const grants = grantsOf(stack, props);
  const generation = createHash('sha256')
    .update(JSON.stringify(stack.resolve([...props.images.map(({ uri }) => uri), props.modelUrls])))
    .digest('hex')
    .slice(0, 16);

  const role = new Role(scope, id, {
    path: `/sagemaker-reranker/${generation}/`,
    assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', {
      // Only on behalf of this account: SageMaker must not be talked into taking the role for another (confused deputy).
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
    description: `SageMaker runs ${props.runs} with this role`,
    inlinePolicies: {
      Endpoint: new PolicyDocument({
        minimize: false,
        statements: grants.map(statement),
      }),
    },
  });
  const reasons = new Map<string, string[]>();
  for (const { sid, resources, open } of grants) {
    if (open === undefined) continue;
    for (const resource of resources.filter((arn) => arn.endsWith('*'))) {
      reasons.set(resource, [...(reasons.get(resource) ?? []), `${sid}: ${open}`]);
    }
  }
  for (const [resource, why] of reasons) acknowledgeWildcard(role, resource, why.join('; '));
  return role;
}

/**
 * Gives a role of the caller's what the containers need. It stays one role over all generations: while a deployment
 * shifts traffic it can read the old model and the new one.
 */
export function grantExecution(scope: Construct, role: IRole, props: ExecutionRoleProps): void {
  for (const grant of grantsOf(Stack.of(scope), props)) role.addToPrincipalPolicy(statement(grant));
}

function grantsOf(stack: Stack, props: ExecutionRoleProps): RoleGrant[] {
  return [...imageGrants(props.images), ...logGrants(stack, props), ...props.grants];
}

function statement({ sid, actions, resources, conditions }: RoleGrant): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    conditions,
  });
}

function imageGrants(images: readonly BoundImage[]): RoleGrant[] {
  return [
    {
      sid: 'PullImage',
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: [...new Set(images.map(({ repository }) => repository.repositoryArn))],
    },
    {
      sid: 'SignInToRegistry',
      actions: ['ecr:GetAuthorizationToken'],
      resources: ['*'],
      open: 'the action knows no resource',
    },
  ];
}

function logGrants(
  stack: Stack,
  { logGroupNames, logGroupsMade, logStreams = '*' }: ExecutionRoleProps,
): RoleGrant[] {
  const groups = logGroupNames.map((resourceName) =>
    stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  return [
    {
      sid: 'OpenLog',
      actions: [...(logGroupsMade ? [] : ['logs:CreateLogGroup']), 'logs:DescribeLogStreams'],
      resources: groups,
    },
    {
      sid: 'WriteLog',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: groups.map((group) => `${group}:log-stream:${logStreams}`),
      open: 'SageMaker names the log streams, one or more an instance',
    },
    {
      sid: 'WriteMetrics',
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: {
        StringEquals: {
          'cloudwatch:namespace': ['/aws/sagemaker/Endpoints', '/aws/sagemaker/InferenceComponents'],
        },
      },
      open: "the action knows no resource; it is held to SageMaker's namespaces",
    },
  ];
}
