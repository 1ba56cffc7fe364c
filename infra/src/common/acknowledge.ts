import { Aspects, Stack, Validations } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * Records a reason for a finding. An older CDK takes no id with more than one `::`, as cdk-nag's have (aws-cdk pull request 38787):
 * nobody can acknowledge the finding there, and an endpoint that does without is better than none.
 */
function record(construct: IConstruct, id: string, reason: string): void {
  try {
    Validations.of(construct).acknowledge({ id, reason });
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('Invalid validation rule ID'))) throw error;
  }
}

/**
 * Records why an IAM statement names a wildcard resource, for the one finding that cdk-nag's AwsSolutions-IAM5 makes of it;
 * any other wildcard on the same construct stays a finding.
 */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  record(construct, `AwsSolutions-IAM5[Resource::${flatten(Stack.of(construct).resolve(resource))}]`, reason);
}

/** Records why a construct uses a policy that AWS manages. */
function acknowledgeManagedPolicy(construct: IConstruct, policy: string, reason: string): void {
  const arn = `arn:<AWS::Partition>:iam::aws:policy/${policy}`;
  record(construct, `AwsSolutions-IAM4[Policy::${arn}]`, reason);
}

/** Records why an AwsSolutions rule does not apply to a construct. */
export function acknowledge(construct: IConstruct, rule: `AwsSolutions-${string}`, reason: string): void {
  record(construct, rule, reason);
}

/**
 * Records why the CDK's own functions of a stack are as they are: their settings cannot be changed from here.
 * @param prefix that the ids of such functions begin with
 */
export function acknowledgeProviders(stack: Stack, prefix: string): void {
  for (const provider of stack.node.children.filter(({ node }) => node.id.startsWith(prefix))) {
    acknowledgeManagedPolicy(
      provider,
      'service-role/AWSLambdaBasicExecutionRole',
      'the CDK gives its functions the AWS policy that lets them log',
    );
    acknowledge(provider, 'AwsSolutions-L1', 'the CDK pins the runtime that its function is tested on');
  }
}

/** How cdk-nag writes a resource with intrinsic functions: `<AWS::Region>`, `<LogicalId.Arn>`. */
function flatten(value: unknown): string {
  if (Array.isArray(value)) return value.map(flatten).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, operand] = ['', '']] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return `<${String(operand)}>`;
    case 'Fn::GetAtt':
      return `<${(operand as string[]).join('.')}>`;
    case 'Fn::Join':
      return flatten((operand as [string, unknown[]])[1]);
    default:
      // Fn::Sub writes its references as ${...}.
      return String(operand).replace(/\$\{([^}]*)\}/g, '<$1>');
  }
}

/**
 * Records one reason for every finding of a rule below a construct whose statements are the CDK's own. The findings are
 * named by their resources, which only cdk-nag knows; so the template's statements are read for them.
 */
export function acknowledgeAll(construct: IConstruct, rule: 'AwsSolutions-IAM5', reason: string): void {
  Aspects.of(construct).add({
    visit: (node) => {
      if (!(node instanceof CfnPolicy)) return;
      const { Statement = [] } = Stack.of(node).resolve(node.policyDocument) as {
        Statement?: { Action: string | string[]; Resource: unknown }[];
      };
      for (const { Action, Resource } of Statement) {
        const actions = [Action].flat().filter((action) => action.includes('*'));
        const resources = [Resource]
          .flat()
          .map(flatten)
          .filter((arn) => arn.includes('*'));
        for (const action of actions) record(node, `${rule}[Action::${action}]`, reason);
        for (const arn of resources) record(node, `${rule}[Resource::${arn}]`, reason);
      }
    },
  });
}
