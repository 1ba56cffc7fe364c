import type { Aws } from './aws.js';
import { AwsAnswer } from './aws.js';
import type { RehearsalState } from './state.js';

/** Hosting modes, and how they end the names of stack and endpoint; infra names them the same. */
export const SUFFIXES = {
  'real-time': '',
  serverless: '-serverless',
  asynchronous: '-async',
  'multi-model': '-multi',
  'inference-components': '-components',
} as const;
export type RehearsedMode = keyof typeof SUFFIXES;

/** An endpoint as `aws sagemaker describe-endpoint` has it. */
export interface Endpoint {
  readonly EndpointStatus: string;
  readonly EndpointConfigName: string;
  readonly FailureReason?: string;
  readonly ProductionVariants?: readonly {
    readonly VariantName: string;
    readonly CurrentInstanceCount?: number;
    readonly DesiredInstanceCount?: number;
  }[];
}

/** Runs the CDK app that deploys rerankers: `npx cdk --app ... VERB`. */
export interface CdkApp {
  /** For `--app`. */
  readonly command: string;
}

/** What the steps of a rehearsal share. */
export class Rehearsal {
  readonly aws: Aws;
  readonly state: RehearsalState;
  readonly #app: CdkApp;
  readonly #save: () => Promise<void>;

  constructor(aws: Aws, state: RehearsalState, app: CdkApp, save: () => Promise<void>) {
    this.aws = aws;
    this.state = state;
    this.#app = app;
    this.#save = save;
  }

  stackName(mode: RehearsedMode): string {
    return stackName(this.state.environment, mode);
  }

  endpointName(mode: RehearsedMode): string {
    return `reranker-embedded-${this.state.environment}${SUFFIXES[mode]}`;
  }

  /** Deploys a mode with more of the context; what may exist is written down first. */
  async deploy(mode: RehearsedMode, context: Readonly<Record<string, string | number>> = {}): Promise<void> {
    await this.#cdk('deploy', mode, context, ['--require-approval', 'never']);
  }

  /** Deploys and says whether that failed, as it does when an alarm takes it back. */
  async deployFails(
    mode: RehearsedMode,
    context: Readonly<Record<string, string | number>>,
  ): Promise<boolean> {
    try {
      await this.deploy(mode, context);
      return false;
    } catch (error) {
      if (error instanceof AwsAnswer) return true;
      throw error;
    }
  }

  async destroy(mode: RehearsedMode): Promise<void> {
    const stack = this.stackName(mode);
    await removeStack(this.aws, stack);
    this.state.stacks = this.state.stacks.filter((each) => each !== stack);
    await this.#save();
  }

  async remember(change: (state: RehearsalState) => void): Promise<void> {
    change(this.state);
    await this.#save();
  }

  async outputs(mode: RehearsedMode): Promise<Record<string, string>> {
    const { Stacks } = await this.aws.call<{
      Stacks: { Outputs?: { OutputKey: string; OutputValue: string }[] }[];
    }>('cloudformation', 'describe-stacks', '--stack-name', this.stackName(mode));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  }

  async endpoint(mode: RehearsedMode): Promise<Endpoint> {
    return this.aws.call<Endpoint>(
      'sagemaker',
      'describe-endpoint',
      '--endpoint-name',
      this.endpointName(mode),
    );
  }

  /** Waits until the endpoint serves, as the runbook does. */
  async inService(mode: RehearsedMode): Promise<Endpoint> {
    return this.aws.until(`${this.endpointName(mode)} in service`, 60, async () => {
      const endpoint = await this.endpoint(mode);
      if (endpoint.EndpointStatus === 'InService') return endpoint;
      if (/Failed|OutOfService/.test(endpoint.EndpointStatus)) {
        throw new Error(`${endpoint.EndpointStatus}: ${endpoint.FailureReason ?? 'no reason given'}`);
      }
      return undefined;
    });
  }

  async #cdk(
    verb: string,
    mode: RehearsedMode,
    context: Readonly<Record<string, string | number>>,
    options: readonly string[],
  ): Promise<void> {
    const stack = this.stackName(mode);
    if (!this.state.stacks.includes(stack)) await this.remember(({ stacks }) => stacks.push(stack));
    const all = { hosting: mode, variant: 'embedded', environment: this.state.environment, ...context };
    const { status, stdout, stderr } = await this.aws.shell.run([
      'npx',
      'cdk',
      verb,
      stack,
      '--app',
      this.#app.command,
      ...options,
      ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ]);
    if (status !== 0) throw new AwsAnswer(`cdk ${verb} ${stack}`, lastLines(`${stdout}\n${stderr}`));
  }
}

/** The stack's name for the embedded variant; infra names it the same. */
export function stackName(environment: string, mode: RehearsedMode): string {
  return `reranker-${environment}-embedded${SUFFIXES[mode]}`;
}

function lastLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-5)
    .join('\n');
}

/** Deletes a stack with what its buckets hold, which would stop the deletion; says nothing where it is gone. */
export async function removeStack(aws: Aws, stack: string): Promise<void> {
  const resources = await aws.find<{
    StackResourceSummaries: { ResourceType: string; PhysicalResourceId?: string }[];
  }>('cloudformation', 'list-stack-resources', '--stack-name', stack);
  if (!resources) return;
  for (const { ResourceType, PhysicalResourceId } of resources.StackResourceSummaries) {
    if (ResourceType !== 'AWS::S3::Bucket' || PhysicalResourceId === undefined) continue;
    const { status, stderr } = await aws.shell.run([
      'aws',
      's3',
      'rm',
      `s3://${PhysicalResourceId}`,
      '--recursive',
      '--region',
      aws.region,
    ]);
    if (status !== 0 && !/NoSuchBucket/.test(stderr)) throw new AwsAnswer('aws s3 rm', stderr.trim());
  }
  await aws.call('cloudformation', 'delete-stack', '--stack-name', stack);
  await aws.until(`the end of ${stack}`, 60, async () => {
    const found = await aws.find<{ Stacks: { StackStatus: string; StackStatusReason?: string }[] }>(
      'cloudformation',
      'describe-stacks',
      '--stack-name',
      stack,
    );
    const [left] = found?.Stacks ?? [];
    if (!left || left.StackStatus === 'DELETE_COMPLETE') return true;
    if (left.StackStatus === 'DELETE_FAILED')
      throw new Error(`${stack}: ${left.StackStatusReason ?? 'DELETE_FAILED'}`);
    return undefined;
  });
}
