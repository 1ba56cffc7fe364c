import { Names, RemovalPolicy } from 'aws-cdk-lib';
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

export interface PrefixStateMachineOptions {
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
