import type { ModelError as SageMakerModelError } from '@aws-sdk/client-sagemaker-runtime';
import {
  AccessDeniedError,
  EndpointNotFoundError,
  MissingPackageError,
  ModelError,
  NetworkError,
  PayloadTooLargeError,
  RerankerError,
  StreamInterruptedError,
  ThrottledError,
  TimeoutError,
  UnavailableError,
  ValidationError,
  type RerankerErrorOptions,
} from '../errors/index.js';

/** What errors of the AWS SDK have in common; each may be absent, as not all come from a reply. */
interface SdkError extends Partial<Omit<SageMakerModelError, 'name' | '$response'>> {
  readonly name?: string;
  readonly code?: string;
  /** Of a ModelStreamError. */
  readonly ErrorCode?: string;
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

const ACCESS_DENIED =
  /^(AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|IncompleteSignature|InvalidClientTokenId|CredentialsProviderError|TokenProviderError|OptInRequired)/;
// Of the system (ECONNRESET, EAI_AGAIN) and of TLS; Node's own ERR_ codes are faults of a program, not of the network.
const NETWORK_CODE = /^(E(?!RR_)[A-Z_]+$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL)/;
const MISSING_MODULE = /Cannot find (?:package|module) '((?:@[^/']+\/)?[^/'.][^/']*)/;
// The SDK keeps only the text of an error of another realm (Jest, vm).
const NETWORK_MESSAGE =
  /\b(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|socket hang up)\b/;
// "Request {id} has oversize body." from serverless, the model's length constraint from the API itself.
const OVERSIZE = /oversize body|'body' failed to satisfy constraint: Member must have length/i;

// What an endpoint says whose inference component is scaled to zero, while it scales out.
const NO_CAPACITY = /no capacity to process this request/i;

/** The error of this package for whatever the SageMaker Runtime client threw; one of this package stays as it is. */
export function fromSageMaker(thrown: unknown, endpointName: string): RerankerError {
  return fromAws(thrown, `endpoint ${endpointName}`);
}

/** The same for any client of the AWS SDK. `target` is what was called, for messages. */
export function fromAws(thrown: unknown, target: string): RerankerError {
  if (RerankerError.isInstance(thrown)) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError;
  const name = error.name ?? '';
  const status = error.$metadata?.httpStatusCode;
  const message = error.message ?? String(thrown);
  const retryAfterMs = parseRetryAfter(error.$response?.headers?.['retry-after']);
  const options: RerankerErrorOptions = {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(status !== undefined && { status }),
    ...(error.$metadata?.requestId !== undefined && { requestId: error.$metadata.requestId }),
    cause: thrown,
  };
  const missing = missingPackage(thrown);
  if (missing !== undefined) return missing;
  if (name === 'ModelError') return fromModelError(error, message, options);
  if (name === 'ModelStreamError' || name === 'InternalStreamFailure') {
    const code = error.ErrorCode === undefined ? '' : ` (${error.ErrorCode})`;
    return new StreamInterruptedError(`the stream broke off${code}: ${message}`, options);
  }
  if (name === 'ModelNotReadyException') return new UnavailableError('model_not_ready', message, options);
  if (ACCESS_DENIED.test(name) || status === 401 || status === 403) {
    return new AccessDeniedError(`access to ${target} was denied: ${message}`, options);
  }
  if (status === 413) return new PayloadTooLargeError(message, {}, options);
  if (status === 429 || /Throttl|TooManyRequests|RequestLimitExceeded/.test(name)) {
    return new ThrottledError(message, options);
  }
  if (/^Validation(Error|Exception)$/.test(name)) return fromValidation(message, options);
  if (status === 404) {
    return new EndpointNotFoundError(`nothing at this URL serves ${target}: ${message}`, options);
  }
  if (status === 503 || name === 'ServiceUnavailable') {
    return new UnavailableError('service_unavailable', message, options);
  }
  if (status !== undefined && status >= 500)
    return new UnavailableError('internal_failure', message, options);
  return fromNoReply(error, name, message, options);
}

/** The error for an import that failed because its package is not there; undefined for any other. */
function missingPackage(thrown: unknown): MissingPackageError | undefined {
  const { code, message = '' } = (thrown ?? {}) as SdkError;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  const [, name] = MISSING_MODULE.exec(message) ?? [];
  return name === undefined ? undefined : new MissingPackageError(name, { cause: thrown });
}

function fromModelError(error: SdkError, message: string, options: RerankerErrorOptions): ModelError {
  const original = {
    ...(error.OriginalStatusCode !== undefined && { statusCode: error.OriginalStatusCode }),
    ...(error.OriginalMessage !== undefined && { message: error.OriginalMessage }),
    ...(error.LogStreamArn !== undefined && { logStreamArn: error.LogStreamArn }),
  };
  const parsed = new ModelError(message, original, options);
  if (!parsed.containerError) return parsed;
  const { code, message: said } = parsed.containerError;
  return new ModelError(
    `the container answered ${parsed.originalStatusCode} ${code}: ${said}`,
    original,
    options,
  );
}

function fromValidation(message: string, options: RerankerErrorOptions): RerankerError {
  if (OVERSIZE.test(message)) return new PayloadTooLargeError(message, {}, options);
  if (NO_CAPACITY.test(message)) return new UnavailableError('no_capacity', message, options);
  // "Endpoint {name} of account {id} not found."
  if (/^Endpoint .* not found/i.test(message)) return new EndpointNotFoundError(message, options);
  return new ValidationError(message, [], options);
}

function fromNoReply(
  error: SdkError,
  name: string,
  message: string,
  options: RerankerErrorOptions,
): RerankerError {
  // The code first: the SDK's handler names connection resets "TimeoutError".
  if (NETWORK_CODE.test(error.code ?? '') || (name !== 'TimeoutError' && NETWORK_MESSAGE.test(message))) {
    // Node joins the failures of several addresses into an error without a message of its own.
    return new NetworkError(`no connection to the service: ${message || error.code}`, options);
  }
  if (name === 'TimeoutError') return new TimeoutError(message, options);
  if (/^Region is missing/.test(message)) {
    const issue = { path: 'region', message: 'must be given here, in AWS_REGION or in the AWS profile' };
    return new ValidationError(`region ${issue.message}`, [issue], options);
  }
  return new RerankerError('unexpected', message, options);
}

/** Milliseconds of a Retry-After header, given in seconds or as a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null | undefined): number | undefined {
  if (header === undefined || header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - Date.now(), 0);
}
