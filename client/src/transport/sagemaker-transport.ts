import type * as Sdk from '@aws-sdk/client-sagemaker-runtime';
import { ValidationError } from '../errors/index.js';
import { fromSageMaker } from './sagemaker-errors.js';
import type {
  InvocationOptions,
  RerankTransport,
  TransportMetadata,
  TransportRequest,
  TransportResponse,
  TransportStream,
} from './transport.js';

// The pattern of the API's own model, which also keeps the name from changing the URL.
const ENDPOINT_NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9])*$/;

/** How to reach a SageMaker endpoint. */
export interface SageMakerOptions {
  readonly endpointName: string;
  /** Default as in every AWS SDK client: `AWS_REGION`, then the profile. */
  readonly region?: string;
  /**
   * URL of the SageMaker Runtime API; default AWS's own for the region. For a loopback URL (`reranker local`)
   * region and credentials default to placeholders, as nothing there verifies them.
   */
  readonly endpoint?: string;
  /** Default the SDK's credential chain. */
  readonly credentials?: Sdk.SageMakerRuntimeClientConfig['credentials'];
  /**
   * A client of your own (proxy, tracing), in place of the three settings above. Give it `maxAttempts: 1`: the
   * retries are the reranker client's, and the SDK's would multiply them.
   */
  readonly runtime?: Sdk.SageMakerRuntimeClient;
}

/** Reaches an endpoint through `@aws-sdk/client-sagemaker-runtime`, with its keep-alive sockets and its signing. */
export class SageMakerTransport implements RerankTransport {
  readonly target: string;
  readonly #runtime: RuntimeSource;

  /** @throws ValidationError when a setting is wrong or contradicts another. */
  constructor(options: SageMakerOptions) {
    checkOptions(options);
    this.target = options.endpointName;
    this.#runtime = openRuntime(options);
  }

  async invoke(request: TransportRequest): Promise<TransportResponse> {
    try {
      const { sdk, runtime } = await this.#runtime.get();
      const command = new sdk.InvokeEndpointCommand(this.#input(request));
      const output = await runtime.send(command, { abortSignal: request.signal });
      return { body: output.Body ?? new Uint8Array(), ...metadataOf(output) };
    } catch (error) {
      throw fromSageMaker(error, this.target);
    }
  }

  async stream(request: TransportRequest): Promise<TransportStream> {
    if (request.invocation?.targetModel !== undefined) {
      const message = 'cannot be set for a stream: SageMaker streams from no multi-model endpoint';
      throw new ValidationError(`targetModel ${message}`, [{ path: 'targetModel', message }]);
    }
    try {
      const { sdk, runtime } = await this.#runtime.get();
      const command = new sdk.InvokeEndpointWithResponseStreamCommand(this.#input(request));
      const output = await runtime.send(command, { abortSignal: request.signal });
      return { chunks: this.#payload(output.Body ?? noEvents()), ...metadataOf(output) };
    } catch (error) {
      throw fromSageMaker(error, this.target);
    }
  }

  /** Closes the sockets of a client this transport made; one that was passed in is the caller's. */
  close(): void {
    this.#runtime.close();
  }

  #input(request: TransportRequest): Sdk.InvokeEndpointCommandInput {
    return {
      EndpointName: this.target,
      ContentType: request.contentType,
      Accept: request.accept,
      Body: request.body,
      ...invocationInput(request.invocation),
    };
  }

  async *#payload(events: AsyncIterable<Sdk.ResponseStream>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const event of events) {
        if (event.PayloadPart?.Bytes) yield event.PayloadPart.Bytes;
      }
    } catch (error) {
      throw fromSageMaker(error, this.target);
    }
  }
}

/** The SDK and a client of it, loaded once. */
export interface RuntimeSource {
  get(): Promise<{ readonly sdk: typeof Sdk; readonly runtime: Sdk.SageMakerRuntimeClient }>;
  /** Destroys the client unless it is the caller's. */
  close(): void;
}

/** The SDK costs 100 ms to load: begun here, while a Lambda still initialises, and never for another transport. */
export function openRuntime(options: SageMakerOptions): RuntimeSource {
  const loading = import('@aws-sdk/client-sagemaker-runtime').then((sdk) => ({
    sdk,
    runtime: options.runtime ?? createRuntime(sdk, options),
  }));
  // Reported by the first call; without one there is nobody to report it to.
  loading.catch(() => undefined);
  return {
    get: () => loading,
    close: () => {
      if (options.runtime) return;
      loading.then(
        ({ runtime }) => runtime.destroy(),
        () => undefined,
      );
    },
  };
}

export function invocationInput(
  options: InvocationOptions = {},
): Pick<
  Sdk.InvokeEndpointCommandInput,
  'TargetModel' | 'TargetVariant' | 'InferenceComponentName' | 'CustomAttributes' | 'InferenceId'
> {
  const { targetModel, targetVariant, inferenceComponentName, customAttributes, inferenceId } = options;
  return {
    ...(targetModel !== undefined && { TargetModel: targetModel }),
    ...(targetVariant !== undefined && { TargetVariant: targetVariant }),
    ...(inferenceComponentName !== undefined && { InferenceComponentName: inferenceComponentName }),
    ...(customAttributes !== undefined && { CustomAttributes: customAttributes }),
    ...(inferenceId !== undefined && { InferenceId: inferenceId }),
  };
}

function metadataOf(output: {
  readonly $metadata: { readonly requestId?: string | undefined };
  readonly CustomAttributes?: string | undefined;
}): TransportMetadata {
  const { requestId } = output.$metadata;
  const attributes = output.CustomAttributes;
  return {
    ...(requestId !== undefined && { requestId }),
    ...(attributes !== undefined && attributes !== '' && { customAttributes: attributes }),
  };
}

async function* noEvents(): AsyncGenerator<never, void, undefined> {
  // A reply without a body: no lines.
}

function createRuntime(sdk: typeof Sdk, options: SageMakerOptions): Sdk.SageMakerRuntimeClient {
  const { endpoint } = options;
  const local = endpoint !== undefined && isLoopback(endpoint);
  const region = options.region ?? (local ? 'us-east-1' : undefined);
  const credentials =
    options.credentials ?? (local ? { accessKeyId: 'local', secretAccessKey: 'local' } : undefined);
  return new sdk.SageMakerRuntimeClient({
    // One retry policy: the client's, which knows the deadline and the container's own status.
    maxAttempts: 1,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  });
}

function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function checkOptions(options: SageMakerOptions): void {
  const issues = [];
  const { endpointName } = options;
  if (typeof endpointName !== 'string' || endpointName.length > 63 || !ENDPOINT_NAME.test(endpointName)) {
    issues.push({
      path: 'endpointName',
      message: 'must be 1 to 63 letters, digits and hyphens, with no hyphen at either end',
    });
  }
  const { endpoint } = options;
  if (endpoint !== undefined && (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))) {
    issues.push({ path: 'endpoint', message: 'must be an http or https URL' });
  }
  if (options.runtime && (options.region ?? endpoint ?? options.credentials) !== undefined) {
    issues.push({ path: 'runtime', message: 'excludes region, endpoint and credentials: it has its own' });
  }
  if (issues.length === 0) return;
  throw new ValidationError(issues.map((issue) => `${issue.path} ${issue.message}`).join('; '), issues);
}
