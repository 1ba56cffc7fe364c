import path from 'node:path';
import { packageRoot } from '@sagemaker-reranker/models';
import { Duration, RemovalPolicy, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeAll } from '../common/acknowledge.js';
import { ConfigurationError, Faults } from '../common/configuration-error.js';
import { handlerEnvironment, type CallSettings } from '../common/container-environment.js';
import { RerankerEndpointBase } from '../endpoint/endpoint-base.js';

export interface RerankerFunctionProps {
  /** The endpoint to call, of this account and of any region; the function may invoke this one and no other. */
  readonly endpoint: IEndpoint;
  /**
   * Model of a multi-model endpoint, or inference component, to call: the variant's name.
   * @default the first model of the endpoint
   */
  readonly variant?: string;
  /**
   * Memory in MB; CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;
  /**
   * Time a call may take.
   * @default 29 seconds, what an HTTP API waits
   */
  readonly timeout?: Duration;
  /**
   * Executions at once that are set aside for this function, and its limit. An account must keep 100 unreserved: where its
   * limit is low (10 in a new account), any reservation fails and takes the deployment back.
   * @default none: it takes from the account's pool
   */
  readonly reservedConcurrency?: number;
  /**
   * URL of the SageMaker runtime API.
   * @default AWS's own; for tests against `reranker local`
   */
  readonly runtimeUrl?: string;
}

/** A function that reranks through an endpoint: the client's handler, which ships bundled with this package. */
export class RerankerFunction extends Construct {
  readonly function: Function;
  /** Where asynchronous calls end that failed three times. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: RerankerFunctionProps) {
    super(scope, id);
    const faults = new Faults();
    faults.integer('memorySize', props.memorySize, 128, 10_240);
    faults.integer('timeout in seconds', props.timeout?.toSeconds(), 1, 900);
    faults.integer('reservedConcurrency', props.reservedConcurrency, 1, 1000);
    const call = faults.collect(() => callOf(props));
    const { account, region } = props.endpoint.env;
    const here = Stack.of(this);
    const differ = (a: string, b: string) => Token.compareStrings(a, b) === TokenComparison.DIFFERENT;
    faults.require(
      !differ(account, here.account),
      `endpoint is of account ${account}, and SageMaker takes calls of its own account alone: put the function there, and let callers of ${here.account} invoke the function`,
    );
    faults.throwIfAny(`RerankerFunction ${this.node.path}`);

    this.deadLetters = new Queue(this, 'DeadLetters', {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new Function(this, 'Function', {
      code: Code.fromAsset(path.join(packageRoot(__dirname), 'image', 'function')),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize ?? 256,
      timeout: props.timeout ?? Duration.seconds(29),
      reservedConcurrentExecutions: props.reservedConcurrency,
      tracing: Tracing.ACTIVE,
      deadLetterQueue: this.deadLetters,
      logGroup,
      role,
      environment: {
        ...handlerEnvironment(
          {
            endpointName: props.endpoint.endpointName,
            url: props.runtimeUrl,
            region: differ(region, here.region) ? region : undefined,
          },
          call!,
        ),
        NODE_OPTIONS: '--enable-source-maps',
      },
    });
    props.endpoint.grantInvoke(this.function);
    this.#explain(role);
  }

  #explain(role: Role): void {
    acknowledge(this.deadLetters, 'AwsSolutions-SQS3', 'it is the dead-letter queue');
    acknowledgeAll(
      role,
      'AwsSolutions-IAM5',
      'X-Ray takes traces from any resource, log streams are named by Lambda, and objects of asynchronous inference by callers',
    );
  }
}

/**
 * How the endpoint is called.
 * @throws ConfigurationError when the endpoint does not serve the variant, or is of another library and says nothing of it.
 */
function callOf({ endpoint, variant }: RerankerFunctionProps): CallSettings {
  if (endpoint instanceof RerankerEndpointBase) return endpoint.callSettings(variant);
  if (variant === undefined) return {};
  throw new ConfigurationError('RerankerFunction', [
    `variant is "${variant}"; this endpoint does not say how its models are called: import it by RerankerEndpoint.fromEndpointAttributes`,
  ]);
}
