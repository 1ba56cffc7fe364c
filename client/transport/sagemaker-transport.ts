import type * as Sdk from '@aws-sdk/client-sagemaker-runtime';
import { ValidationError } from './errors';
import { fromSageMaker } from './sagemaker-errors';
import type { RerankTransport, TransportRequest, TransportResponse } from './transport';

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
  /** A client of your own (proxy, retry strategy, tracing), in place of the three settings above. */
  readonly runtime?: Sdk.SageMakerRuntimeClient;
}

/** Reaches an endpoint through `@aws-sdk/client-sagemaker-runtime`, with its keep-alive sockets and its signing. */
export class SageMakerTransport implements RerankTransport {
  readonly #endpointName: string;
  readonly #sdk: Promise<typeof Sdk>;
  readonly #runtime: Promise<Sdk.SageMakerRuntimeClient>;
  readonly #owned: boolean;

  /** @throws ValidationError when a setting is wrong or contradicts another. */
  constructor(options: SageMakerOptions) {
    checkOptions(options);
    this.#endpointName = options.endpointName;
    this.#owned = options.runtime === undefined;
    // The SDK costs 100 ms to load: begun here, while a Lambda still initialises, and never for another transport.
    this.#sdk = import('@aws-sdk/client-sagemaker-runtime');
    const { runtime } = options;
    this.#runtime = this.#sdk.then((sdk) => runtime ?? createRuntime(sdk, options));
    // Reported by invoke; without a call there is nobody to report it to.
    this.#runtime.catch(() => undefined);
  }

  async invoke(request: TransportRequest): Promise<TransportResponse> {
    try {
      const { InvokeEndpointCommand } = await this.#sdk;
      const runtime = await this.#runtime;
      const command = new InvokeEndpointCommand({
        EndpointName: this.#endpointName,
        ContentType: request.contentType,
        Accept: request.accept,
        Body: request.body,
      });
      const output = await runtime.send(command, { abortSignal: request.signal });
      const { requestId } = output.$metadata;
      return {
        body: output.Body ?? new Uint8Array(),
        ...(requestId !== undefined && { requestId }),
      };
    } catch (error) {
      throw fromSageMaker(error, this.#endpointName);
    }
  }

  /** Closes the sockets of a client this transport made; one that was passed in is the caller's. */
  close(): void {
    if (!this.#owned) return;
    this.#runtime.then(
      (runtime) => runtime.destroy(),
      () => undefined,
    );
  }
}

function createRuntime(sdk: typeof Sdk, options: SageMakerOptions): Sdk.SageMakerRuntimeClient {
  const { endpoint } = options;
  const local = endpoint !== undefined && isLoopback(endpoint);
  const region = options.region ?? (local ? 'us-east-1' : undefined);
  const credentials =
    options.credentials ?? (local ? { accessKeyId: 'local', secretAccessKey: 'local' } : undefined);
  return new sdk.SageMakerRuntimeClient({
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
