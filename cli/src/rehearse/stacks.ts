import { AwsAnswer, type Aws } from './aws.js';

interface Stacks {
  readonly Stacks: readonly {
    readonly StackStatus: string;
    readonly StackStatusReason?: string;
    readonly Outputs?: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
  }[];
}

/** A stack as `describe-stacks` has it; undefined where there is none. */
export async function findStack(aws: Aws, stackName: string): Promise<Stacks['Stacks'][number] | undefined> {
  const found = await aws.find<Stacks>('cloudformation', 'describe-stacks', { stackName });
  return found?.Stacks[0];
}

/**
 * Waits until nothing is under way in a stack: who was killed left CloudFormation at work. One of which nothing was made yet is
 * removed, so that there is but one of its name.
 */
export async function settled(aws: Aws, stackName: string): Promise<void> {
  const status = await aws.until(`the end of what ${stackName} is doing`, 90, async () => {
    const { StackStatus } = (await findStack(aws, stackName)) ?? { StackStatus: 'gone' };
    return StackStatus.endsWith('_IN_PROGRESS') && StackStatus !== BEGUN ? undefined : StackStatus;
  });
  if (status === BEGUN) await aws.call('cloudformation', 'delete-stack', { stackName });
}

/** A change set has been made for it, and nothing else. */
const BEGUN = 'REVIEW_IN_PROGRESS';

/** The name that commands take: CloudFormation knows what SageMaker has by its ARN, and a role or a bucket by its name. */
export function nameOf(physicalId: string): string {
  return physicalId.replace(/^arn:.*\//, '');
}

/** Names of a stack's resources of a type, whose logical name contains a word. */
export async function physicalNames(aws: Aws, stackName: string, type: string, word = ''): Promise<string[]> {
  const found = await aws.find<{
    StackResourceSummaries: {
      LogicalResourceId: string;
      ResourceType: string;
      PhysicalResourceId?: string;
    }[];
  }>('cloudformation', 'list-stack-resources', { stackName });
  return (found?.StackResourceSummaries ?? []).flatMap((resource) =>
    resource.ResourceType === type && resource.LogicalResourceId.includes(word) && resource.PhysicalResourceId
      ? nameOf(resource.PhysicalResourceId)
      : [],
  );
}

/** Deletes a stack with what its buckets hold, which would stop the deletion; says nothing where it is gone. */
export async function removeStack(aws: Aws, stackName: string): Promise<void> {
  // Where an emulator broke down over a stack and describes it no more, it may still delete it.
  const before = await findStack(aws, stackName).catch((error: unknown) => {
    if (error instanceof AwsAnswer && error.unknownOperation) return { StackStatus: 'unknown' };
    throw error;
  });
  if (!before) return;
  // CloudFormation deletes no stack in the middle of an update.
  if (before.StackStatus === 'UPDATE_IN_PROGRESS')
    await aws.call('cloudformation', 'cancel-update-stack', { stackName });
  if (before.StackStatus.startsWith('UPDATE_')) await settled(aws, stackName);
  // Where they cannot be listed, the deletion itself says what stops it.
  const buckets = await physicalNames(aws, stackName, 'AWS::S3::Bucket').catch(() => []);
  for (const bucket of buckets) {
    await aws.run(['s3', 'rm', `s3://${bucket}`, '--recursive']).catch((error: unknown) => {
      if (!(error instanceof AwsAnswer && error.absent)) throw error;
    });
  }
  await aws.call('cloudformation', 'delete-stack', { stackName });
  await aws.until(`the end of ${stackName}`, 60, async () => {
    const left = await findStack(aws, stackName);
    if (!left || left.StackStatus === 'DELETE_COMPLETE') return true;
    if (left.StackStatus === 'DELETE_FAILED')
      throw new Error(`${stackName}: ${left.StackStatusReason ?? 'DELETE_FAILED'}`);
    return undefined;
  });
}
