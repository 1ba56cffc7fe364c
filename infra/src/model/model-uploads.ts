import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeAll } from '../common/acknowledge.js';

/** What the function runs with that copies archives of models to their buckets. */
class ModelUploads extends Construct {
  readonly role: Role;
  readonly log: LogGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Copies archives of models to the buckets that multi-model endpoints read',
    });
    this.log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.log.grantWrite(this.role);
    acknowledgeAll(this.role, 'AwsSolutions-IAM5', 'the archives of a generation lie below one prefix');
  }
}

/** One for a stack, as the CDK's function is one for a stack: it runs with the role of whoever asks first. */
export function modelUploads(stack: Stack): ModelUploads {
  const id = 'ModelUploads';
  return (stack.node.tryFindChild(id) as ModelUploads | undefined) ?? new ModelUploads(stack, id);
}
