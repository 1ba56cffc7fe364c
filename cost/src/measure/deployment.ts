import type { SageMaker } from '@aws-sdk/client-sagemaker';
import { CostError } from '../errors.js';

export interface DeploymentOptions {
  /** Unique name of model, endpoint configuration and endpoint. */
  readonly name: string;
  readonly instanceType: string;
  /** The container's image in ECR. */
  readonly image: string;
  /** ARN of the role that SageMaker takes. */
  readonly role: string;
  /** s3:// address of the packed model directory (model.tar.gz). */
  readonly modelData: string;
  readonly region?: string;
  /** Address of the SageMaker API instead of AWS's own. */
  readonly endpoint?: string;
  /** Between two looks at the endpoint's state; default 15 s. */
  readonly pollSeconds?: number;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Deployment {
  readonly endpointName: string;
  /** From the request for the endpoint to its first answer. */
  readonly startSeconds: number;
  /** Removes everything that was made. @throws CostError that names what is left and costs money. */
  remove(): Promise<void>;
}

/**
 * Puts the container on one instance of a type: a model, an endpoint configuration, an endpoint. What fails on the way, and an
 * abort, removes what was made.
 * @throws CostError with AWS's reason; the signal's reason when it aborts.
 */
export async function deploy(options: DeploymentOptions): Promise<Deployment> {
  const { name, instanceType, image, role, modelData, onProgress, signal } = options;
  const { SageMaker, waitUntilEndpointInService } = await loadSdk();
  const client = new SageMaker({ region: options.region, endpoint: options.endpoint, maxAttempts: 5 });
  // In the order in which they are removed.
  const made: Made[] = [];
  const remove = async (): Promise<void> => {
    await removeAll(client, name, made, onProgress);
    client.destroy();
  };
  try {
    signal.throwIfAborted();
    await client.createModel({
      ModelName: name,
      ExecutionRoleArn: role,
      PrimaryContainer: { Image: image, ModelDataUrl: modelData },
    });
    made.unshift('model');
    await client.createEndpointConfig({
      EndpointConfigName: name,
      ProductionVariants: [
        {
          VariantName: 'measured',
          ModelName: name,
          InstanceType: instanceType as never,
          InitialInstanceCount: 1,
          ContainerStartupHealthCheckTimeoutInSeconds: 600,
        },
      ],
    });
    made.unshift('endpoint configuration');
    const started = performance.now();
    await client.createEndpoint({ EndpointName: name, EndpointConfigName: name });
    made.unshift('endpoint');
    onProgress(`starting endpoint ${name} on ${instanceType}: it costs money until it is removed`);
    const delay = options.pollSeconds ?? 15;
    await waitUntilEndpointInService(
      { client, maxWaitTime: 1_800, minDelay: delay, maxDelay: delay, abortSignal: signal },
      { EndpointName: name },
    );
    return { endpointName: name, startSeconds: (performance.now() - started) / 1000, remove };
  } catch (error) {
    const why = signal.aborted ? undefined : await failureOf(client, name, made, error as Error);
    await remove();
    signal.throwIfAborted();
    throw new CostError(`${instanceType} cannot be measured: ${why}`);
  }
}

type Made = 'model' | 'endpoint configuration' | 'endpoint';

async function loadSdk() {
  try {
    return await import('@aws-sdk/client-sagemaker');
  } catch {
    throw new CostError('deploying needs @aws-sdk/client-sagemaker: npm install @aws-sdk/client-sagemaker');
  }
}

/** An endpoint that failed says why itself. */
async function failureOf(
  client: SageMaker,
  name: string,
  made: readonly Made[],
  error: Error,
): Promise<string> {
  const said = made.includes('endpoint')
    ? await client.describeEndpoint({ EndpointName: name }).then(
        ({ FailureReason }) => FailureReason,
        () => undefined,
      )
    : undefined;
  return said ?? `${error.name}: ${error.message}`;
}

async function removeAll(
  client: SageMaker,
  name: string,
  made: Made[],
  onProgress: (line: string) => void,
): Promise<void> {
  const removals: Record<Made, () => Promise<unknown>> = {
    endpoint: () => client.deleteEndpoint({ EndpointName: name }),
    'endpoint configuration': () => client.deleteEndpointConfig({ EndpointConfigName: name }),
    model: () => client.deleteModel({ ModelName: name }),
  };
  const left: string[] = [];
  for (const thing of made.splice(0)) {
    await removals[thing]().then(
      () => onProgress(`removed ${thing} ${name}`),
      (error: Error) => left.push(`${thing} ${name} (${error.name}: ${error.message})`),
    );
  }
  if (left.length > 0)
    throw new CostError(`could not be removed, and costs money until it is: ${left.join('; ')}`);
}
