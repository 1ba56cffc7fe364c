import {
  AccessDeniedError,
  ModelError,
  NetworkError,
  PayloadTooLargeError,
  RerankerError,
  TimeoutError,
  UnavailableError,
  ValidationError,
  type RerankerErrorOptions,
} from '../errors/index.js';
import { parseRetryAfter } from './sagemaker-errors.js';
import type {
  InvocationOptions,
  RerankTransport,
  TransportMetadata,
  TransportRequest,
  TransportResponse,
  TransportStream,
} from './transport.js';

export interface HttpOptions {
  /** Base URL of the container, `http://host:8080`: `/invocations` is added. */
  readonly url: string;
  /** Sent with each request, for example an `authorization` that a proxy asks for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default Node's own, which keeps connections alive. */
  readonly fetch?: typeof fetch;
}

const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';
// What proxies answer in place of the container.
const GATEWAY = new Set([502, 504]);

/** Reaches the container itself over HTTP, with no AWS between: on a laptop, in ECS, in Kubernetes. */
export class HttpTransport implements RerankTransport {
  readonly target: string;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  /** @throws ValidationError when the URL is none. */
  constructor(options: HttpOptions) {
    const { url } = options;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      const message = 'must be an http or https URL';
      throw new ValidationError(`url ${message}`, [{ path: 'url', message }]);
    }
    this.#base = url.replace(/\/+$/, '');
    this.target = this.#base;
    this.#headers = options.headers ?? {};
    this.#fetch = options.fetch ?? fetch;
  }

  async invoke(request: TransportRequest): Promise<TransportResponse> {
    const response = await this.#post(request);
    try {
      return { body: new Uint8Array(await response.arrayBuffer()), ...metadataOf(response) };
    } catch (error) {
      throw fromFetch(error);
    }
  }

  async stream(request: TransportRequest): Promise<TransportStream> {
    const response = await this.#post(request);
    return { chunks: chunksOf(response), ...metadataOf(response) };
  }

  async #post({ invocation, ...request }: TransportRequest): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(`${this.#base}${pathOf(invocation)}`, {
        method: 'POST',
        // The types of fetch want bytes in memory of their own; ours may be a view of a pool.
        body: request.body as Uint8Array<ArrayBuffer>,
        signal: request.signal,
        headers: {
          ...this.#headers,
          'content-type': request.contentType,
          accept: request.accept,
          ...headersOf(invocation),
        },
      });
    } catch (error) {
      throw fromFetch(error);
    }
    if (response.ok) return response;
    // An answer that breaks off still has its status.
    const text = await response.text().catch(() => '');
    throw fromStatus(response, text);
  }
}

function pathOf(invocation: InvocationOptions = {}): string {
  const { targetModel, targetVariant, inferenceComponentName } = invocation;
  if (targetVariant !== undefined || inferenceComponentName !== undefined) {
    const path = targetVariant === undefined ? 'inferenceComponentName' : 'targetVariant';
    const message = 'is for SageMaker endpoints: a container has none';
    throw new ValidationError(`${path} ${message}`, [{ path, message }]);
  }
  return targetModel === undefined ? '/invocations' : `/models/${encodeURIComponent(targetModel)}/invoke`;
}

function headersOf({ customAttributes, inferenceId }: InvocationOptions = {}): Record<string, string> {
  return {
    ...(customAttributes !== undefined && { [CUSTOM_ATTRIBUTES]: customAttributes }),
    ...(inferenceId !== undefined && { 'x-amzn-sagemaker-inference-id': inferenceId }),
  };
}

function metadataOf({ headers }: Response): TransportMetadata {
  const requestId = headers.get('x-request-id');
  const customAttributes = headers.get(CUSTOM_ATTRIBUTES);
  return { ...(requestId && { requestId }), ...(customAttributes && { customAttributes }) };
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (response.body) yield* response.body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fromFetch(error);
  }
}

function fromStatus(response: Response, text: string): RerankerError {
  const { status } = response;
  const { requestId } = metadataOf(response);
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'));
  const options: RerankerErrorOptions = {
    status,
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  const answered = new ModelError(
    `the container answered ${status}`,
    { statusCode: status, message: text },
    options,
  );
  const { containerError } = answered;
  if (status === 413) return new PayloadTooLargeError(containerError?.message ?? 'status 413', {}, options);
  if (containerError) {
    const message = `the container answered ${status} ${containerError.code}: ${containerError.message}`;
    return new ModelError(message, { statusCode: status, message: text }, options);
  }
  if (status === 401 || status === 403) {
    return new AccessDeniedError(`access to ${response.url} was denied: status ${status}`, options);
  }
  if (GATEWAY.has(status)) {
    return new UnavailableError(
      'internal_failure',
      `a gateway answered ${status} for the container`,
      options,
    );
  }
  return answered;
}

/** fetch throws a TypeError whose cause says what happened. */
function fromFetch(thrown: unknown): RerankerError {
  if (RerankerError.isInstance(thrown)) return thrown;
  const { name, message, cause } = thrown as Partial<Error>;
  if (name === 'TimeoutError') return new TimeoutError(message ?? 'timeout', { cause: thrown });
  const failure = (cause ?? thrown) as { readonly code?: string; readonly message?: string };
  const { code = '', message: reason } = failure;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new TimeoutError(`the container stayed silent: ${reason ?? code}`, { cause: thrown });
  }
  if (cause === undefined || /^(ERR_INVALID|ERR_HTTP_INVALID|UND_ERR_INVALID)/.test(code)) {
    // fetch refused what it was given: a header that is none, for example. That does not pass.
    return new RerankerError('unexpected', `the request could not be sent: ${reason ?? String(thrown)}`, {
      cause: thrown,
    });
  }
  return new NetworkError(`no connection to the container: ${reason || code || message}`, { cause: thrown });
}
