import { AwsAnswer, words, type Aws } from './aws.js';
import { queueOf } from './steps/real-time.js';

/** Actions that the rehearsal takes itself, and what on; deployments are made by the roles of the bootstrap. */
interface Right {
  readonly actions: readonly string[];
  readonly resource: string;
}

/** What must be known to name the resources. */
export interface Caller {
  readonly Account: string;
  readonly Arn: string;
}

/** @param steps Ids of the steps: what belongs to others is not asked for. */
export function rightsFor(
  { Account: account, Arn }: Caller,
  region: string,
  environment: string,
  steps: readonly string[],
): Right[] {
  const partition = Arn.split(':')[1]!;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const right = (resource: string, ...actions: string[]): Right => ({ actions, resource });
  const when = (ids: readonly string[], ...rights: Right[]) =>
    ids.some((id) => steps.includes(id)) ? rights : [];
  const stack = `reranker-${environment}-embedded`;
  return [
    right(
      `arn:${partition}:iam::${account}:role/cdk-hnb659fds-deploy-role-${account}-${region}`,
      'sts:AssumeRole',
    ),
    right(
      arn('sagemaker', `endpoint/reranker-embedded-${environment}`),
      'sagemaker:DescribeEndpoint',
      'sagemaker:InvokeEndpoint',
      'sagemaker:InvokeEndpointAsync',
      'sagemaker:UpdateEndpoint',
      'sagemaker:UpdateEndpointWeightsAndCapacities',
    ),
    right(
      arn('sagemaker', `endpoint-config/RerankerConfig`),
      'sagemaker:DescribeEndpointConfig',
      'sagemaker:DeleteEndpointConfig',
    ),
    right(arn('sagemaker', `model/RerankerModel`), 'sagemaker:DescribeModel', 'sagemaker:DeleteModel'),
    ...when(
      ['inference-components', 'more-copies', 'components-to-zero-and-back'],
      right(
        arn('sagemaker', `inference-component/reranker-embedded-${environment}-components-embedded`),
        'sagemaker:DescribeInferenceComponent',
        'sagemaker:UpdateInferenceComponentRuntimeConfig',
      ),
    ),
    right(
      arn('cloudformation', `stack/${stack}/*`),
      'cloudformation:DescribeStacks',
      'cloudformation:DescribeStackEvents',
      'cloudformation:ListStackResources',
      'cloudformation:CancelUpdateStack',
      'cloudformation:UpdateTerminationProtection',
      'cloudformation:DeleteStack',
    ),
    ...when(
      ['alarm-arrives'],
      right(
        arn('sqs', queueOf(environment)),
        'sqs:CreateQueue',
        'sqs:GetQueueUrl',
        'sqs:GetQueueAttributes',
        'sqs:SetQueueAttributes',
        'sqs:ReceiveMessage',
        'sqs:DeleteQueue',
      ),
      right(arn('sns', `${stack}-Alarms`), 'sns:Subscribe'),
    ),
    ...when(
      ['alarm-arrives', 'roll-back-by-alarm'],
      right(arn('cloudwatch', `alarm:${stack}-ServerErrors`), 'cloudwatch:SetAlarmState'),
    ),
    ...when(
      ['alarm-arrives', 'scale-out-and-in'],
      right('*', 'cloudwatch:DescribeAlarms', 'application-autoscaling:DescribeScalableTargets'),
      right(
        arn('application-autoscaling', 'scalable-target/*'),
        'application-autoscaling:RegisterScalableTarget',
      ),
    ),
    right(
      arn('logs', `log-group:/aws/sagemaker/Endpoints/reranker-embedded-${environment}`),
      'logs:DescribeLogGroups',
    ),
    ...when(
      ['log-query'],
      right(
        arn('logs', `log-group:/aws/sagemaker/Endpoints/reranker-embedded-${environment}`),
        'logs:StartQuery',
      ),
      right('*', 'logs:GetQueryResults'),
    ),
    right('*', 'tag:GetResources', 'iam:ListRoles'),
    ...when(
      ['image-manifest'],
      right(
        arn('ecr', `repository/cdk-hnb659fds-container-assets-${account}-${region}`),
        'ecr:BatchGetImage',
      ),
    ),
    ...when(
      ['function'],
      right(arn('lambda', `function:${stack}-serverless-Function`), 'lambda:InvokeFunction'),
    ),
    ...when(
      ['batch'],
      right(arn('states', `stateMachine:${stack}-serverless-Batch`), 'states:StartExecution'),
      right(arn('states', `execution:${stack}-serverless-Batch:1`), 'states:DescribeExecution'),
    ),
    right(`arn:${partition}:s3:::${stack}-bucket`, 's3:ListBucket'),
    right(`arn:${partition}:s3:::${stack}-bucket/input/x`, 's3:PutObject', 's3:GetObject', 's3:DeleteObject'),
    right(
      `arn:${partition}:iam::${account}:role/sagemaker-reranker/x`,
      'iam:ListRoleTags',
      'iam:DeleteRolePolicy',
      'iam:DeleteRole',
    ),
  ];
}

interface Simulation {
  readonly EvaluationResults: readonly {
    readonly EvalActionName: string;
    readonly EvalDecision: string;
    readonly MissingContextValues?: readonly string[];
  }[];
}

/**
 * Asks IAM whether the caller may do what changes something, without doing it.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 * @returns Actions that are refused, and why IAM could not be asked.
 */
export async function simulate(
  aws: Aws,
  caller: Caller,
  environment: string,
  steps: readonly string[],
): Promise<{ readonly denied: string[]; readonly doubt?: string }> {
  // The root user has no policies, and may do everything.
  if (caller.Arn.endsWith(':root')) return { denied: [] };
  try {
    const policySourceArn = await principalOf(aws, caller);
    const denied: string[] = [];
    for (const { actions, resource } of rightsFor(caller, aws.region, environment, steps)) {
      const { EvaluationResults } = await aws.call<Simulation>('iam', 'simulate-principal-policy', {
        policySourceArn,
        actionNames: actions,
        resourceArns: resource,
      });
      for (const { EvalActionName, EvalDecision, MissingContextValues = [] } of EvaluationResults) {
        // A right that depends on a condition may hold by the time it is used.
        const refused = EvalDecision === 'explicitDeny' || MissingContextValues.length === 0;
        if (EvalDecision !== 'allowed' && refused)
          denied.push(`no permission for ${EvalActionName} on ${resource}`);
      }
    }
    return { denied };
  } catch (error) {
    if (!(error instanceof AwsAnswer)) throw error;
    return {
      denied: [],
      doubt: `permissions to change things, as iam:SimulatePrincipalPolicy was refused: ${words(error)}`,
    };
  }
}

/** The user, or the role behind a session: `assumed-role/NAME/SESSION` does not tell the role's path. */
async function principalOf(aws: Aws, { Arn }: Caller): Promise<string> {
  const roleName = /:assumed-role\/([^/]+)\//.exec(Arn)?.[1];
  if (roleName === undefined) return Arn;
  const { Role } = await aws.call<{ Role: { Arn: string } }>('iam', 'get-role', { roleName });
  return Role.Arn;
}
