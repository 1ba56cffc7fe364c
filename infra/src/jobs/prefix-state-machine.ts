import { Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type IRole } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  LogLevel,
  StateMachine,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledgeAll } from '../common/acknowledge.js';

interface PrefixStateMachineOptions {
  /** Pattern of the input's `prefix`, as Step Functions' StringMatches takes it. */
  readonly pattern: string;
  /** What the input must be, for who started the execution with another one. */
  readonly cause: string;
  readonly job: IChainable;
}

/**
 * Start of the names of a construct's jobs, which its role is held to. SageMaker takes 63 characters a name: this leaves
 * room for a hyphen and the UUID that an execution is named by unless told otherwise.
 */
export function jobNamePrefix(scope: Construct): string {
  return Names.uniqueResourceName(scope, { maxLength: 26, separator: '-' });
}

/** Intrinsic function for a job's name: the prefix, a hyphen, and the execution's name. */
export function jobName(prefix: string): string {
  return `States.Format('${prefix}-{}', $$.Execution.Name)`;
}

/** A logged and traced state machine that runs a job on a prefix of a bucket, and nothing for any other input. */
export function prefixStateMachine(
  scope: Construct,
  { pattern, cause, job }: PrefixStateMachineOptions,
): StateMachine {
  const checked = new Choice(scope, 'CheckPrefix')
    .when(Condition.and(Condition.isString('$.prefix'), Condition.stringMatches('$.prefix', pattern)), job)
    .otherwise(new Fail(scope, 'BadPrefix', { error: 'BadPrefix', cause }));
  return new StateMachine(scope, 'StateMachine', {
    definitionBody: DefinitionBody.fromChainable(checked),
    tracingEnabled: true,
    logs: {
      level: LogLevel.ALL,
      includeExecutionData: false,
      destination: new LogGroup(scope, 'Log', {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    },
  });
}

/** Jobs of SageMaker that Step Functions starts and waits for. */
interface JobsOptions {
  readonly kind: 'Training' | 'Transform';
  /** Start of the jobs' names. */
  readonly prefix: string;
  /** The role that the jobs are given, where it is not the model's. */
  readonly role?: IRole;
}

/** What Step Functions needs to start a job, to wait for it, and to stop it when the execution is stopped. */
export function allowJobs(stateMachine: StateMachine, { kind, prefix, role }: JobsOptions): void {
  const stack = Stack.of(stateMachine);
  const allow = (actions: string[], resource: string, conditions?: Record<string, Record<string, unknown>>) =>
    stateMachine.addToRolePolicy(
      new PolicyStatement({ actions, resources: [resource], ...(conditions && { conditions }) }),
    );
  allow(
    [
      `sagemaker:Create${kind}Job`,
      `sagemaker:Describe${kind}Job`,
      `sagemaker:Stop${kind}Job`,
      'sagemaker:AddTags',
    ],
    stack.formatArn({
      service: 'sagemaker',
      resource: `${kind.toLowerCase()}-job`,
      resourceName: `${prefix}-*`,
    }),
  );
  if (role) {
    allow(['iam:PassRole'], role.roleArn, {
      StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
    });
  }
  allow(
    ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
    stack.formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: `StepFunctionsGetEventsForSageMaker${kind}JobsRule`,
    }),
  );
  acknowledgeAll(
    stateMachine,
    'AwsSolutions-IAM5',
    'jobs are named by their executions, after the prefix of this construct; log deliveries and traces know no resource',
  );
}
