import { AwsAnswer, lastLines, type Aws } from './aws.js';
import { findStack, physicalNames, removeStack, settled } from './stacks.js';
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

/** Variant of an endpoint that takes its traffic; infra names it the same. */
export const VARIANT = 'AllTraffic';

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

export type Context = Readonly<Record<string, string | number>>;

/** The CDK app that deploys rerankers: `npx cdk --app ... VERB`. */
export interface CdkApp {
  /** For `--app`. */
  readonly command: string;
  /** Type of the instances, and the one that it is changed to. */
  readonly instanceTypes: readonly [first: string, second: string];
  /** Context of every deployment, as image=codebuild. */
  readonly context: Context;
}

/** What the steps of a rehearsal share. */
export class Rehearsal {
  readonly aws: Aws;
  readonly state: RehearsalState;
  readonly app: CdkApp;
  readonly #save: () => Promise<void>;

  constructor(aws: Aws, state: RehearsalState, app: CdkApp, save: () => Promise<void>) {
    this.aws = aws;
    this.state = state;
    this.app = app;
    this.#save = save;
  }

  stackName(mode: RehearsedMode): string {
    return stackName(this.state.environment, mode);
  }

  endpointName(mode: RehearsedMode): string {
    return endpointName(this.state.environment, mode);
  }

  /** Deploys a mode with more of the context; what may exist is written down first. */
  async deploy(mode: RehearsedMode, context: Context = {}): Promise<void> {
    const stack = this.stackName(mode);
    if (!this.state.stacks.includes(stack)) await this.remember(({ stacks }) => stacks.push(stack));
    else await settled(this.aws, stack);
    await this.cdk('deploy', mode, context, ['--require-approval', 'never']);
  }

  /** Deploys and says with what that failed, as it does when an alarm takes it back; undefined where it went through. */
  async deployFails(mode: RehearsedMode, context: Context): Promise<string | undefined> {
    try {
      await this.deploy(mode, context);
      return undefined;
    } catch (error) {
      if (error instanceof AwsAnswer) return error.answer;
      throw error;
    }
  }

  async destroy(mode: RehearsedMode): Promise<void> {
    const stack = this.stackName(mode);
    await removeStack(this.aws, stack);
    await this.remember((state) => (state.stacks = state.stacks.filter((each) => each !== stack)));
  }

  async remember(change: (state: RehearsalState) => void): Promise<void> {
    change(this.state);
    await this.#save();
  }

  /** @throws Error where the stack has no such output. */
  async output(mode: RehearsedMode, key: string): Promise<string> {
    const stack = await findStack(this.aws, this.stackName(mode));
    const found = stack?.Outputs?.find(({ OutputKey }) => OutputKey === key);
    if (!found) throw new Error(`${this.stackName(mode)} has no output ${key}`);
    return found.OutputValue;
  }

  /** The name of the only resource of a type in the stack, whose logical name contains a word. */
  async resource(mode: RehearsedMode, type: string, word?: string): Promise<string> {
    const [name] = await physicalNames(this.aws, this.stackName(mode), type, word);
    if (name === undefined) throw new Error(`${this.stackName(mode)} has no ${type} ${word ?? ''}`.trim());
    return name;
  }

  async endpoint(mode: RehearsedMode): Promise<Endpoint> {
    return this.aws.call<Endpoint>('sagemaker', 'describe-endpoint', {
      endpointName: this.endpointName(mode),
    });
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

  /** Waits until the fleet has as many instances. */
  async instances(mode: RehearsedMode, count: number, minutes: number): Promise<void> {
    await this.aws.until(`${count} instances`, minutes, async () => {
      const { ProductionVariants } = await this.endpoint(mode);
      return ProductionVariants?.[0]?.CurrentInstanceCount === count ? true : undefined;
    });
  }

  /** Runs `npx cdk VERB` for the stack of a mode. */
  async cdk(
    verb: string,
    mode: RehearsedMode,
    context: Context,
    options: readonly string[],
  ): Promise<string> {
    const stack = this.stackName(mode);
    const [instanceType] = this.app.instanceTypes;
    const all = {
      ...this.app.context,
      hosting: mode,
      variant: 'embedded',
      environment: this.state.environment,
      ...(mode === 'serverless' ? {} : { instanceType }),
      ...context,
    };
    const { status, stdout, stderr } = await this.aws.shell.run([
      'npx',
      'cdk',
      verb,
      stack,
      '--app',
      this.app.command,
      ...options,
      ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ]);
    const text = `${stdout}\n${stderr}`;
    // What follows the cross says why; what comes before is progress.
    if (status !== 0) throw new AwsAnswer(`cdk ${verb} ${stack}`, lastLines(text.replace(/^.*❌/s, ''), 3));
    return text;
  }
}

/** The stack's name for the embedded variant; infra names it the same. */
export function stackName(environment: string, mode: RehearsedMode): string {
  return `reranker-${environment}-embedded${SUFFIXES[mode]}`;
}

/** The endpoint's name for the embedded variant; infra names it the same. */
export function endpointName(environment: string, mode: RehearsedMode): string {
  return `reranker-embedded-${environment}${SUFFIXES[mode]}`;
}
