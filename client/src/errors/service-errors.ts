import type { ErrorBody } from '../wire.js';
import { guard, type Guard, RerankerError, type RerankerErrorOptions } from './reranker-error.js';

/** The service refused the call because of its rate. */
export class ThrottledError extends RerankerError<'throttled'> {
  static override readonly isInstance: Guard<ThrottledError> = guard('ThrottledError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('throttled', message, { ...options, retryable: true });
  }
}

/** The container answered with an error, or not at all; SageMaker passes that on with status 424. */
export class ModelError extends RerankerError<'model_error'> {
  static override readonly isInstance: Guard<ModelError> = guard('ModelError');
  /** Status the container answered with; 0 when it gave no answer (SageMaker's own convention). */
  readonly originalStatusCode: number | undefined;
  /** What the container answered; SageMaker may have shortened it. */
  readonly originalMessage: string | undefined;
  /** The container's own error, when {@link originalMessage} is one of ours and whole. */
  readonly containerError: ErrorBody['error'] | undefined;
  readonly logStreamArn: string | undefined;

  constructor(
    message: string,
    original: {
      readonly statusCode?: number;
      readonly message?: string;
      readonly logStreamArn?: string;
    },
    options?: RerankerErrorOptions,
  ) {
    const containerError = original.message === undefined ? undefined : parseErrorBody(original.message);
    const seconds = containerError?.details.retry_after;
    // 429 and 503 are how the container says it is full or not ready; other failures come again.
    const retryable = original.statusCode === 429 || original.statusCode === 503;
    super('model_error', message, {
      // SageMaker drops the container's Retry-After header, so the container says it in the body as well.
      ...(typeof seconds === 'number' && seconds >= 0 && { retryAfterMs: seconds * 1000 }),
      ...options,
      retryable,
    });
    this.originalStatusCode = original.statusCode;
    this.originalMessage = original.message;
    this.containerError = containerError;
    this.logStreamArn = original.logStreamArn;
  }
}

/** There is no endpoint of that name in this account and region. */
export class EndpointNotFoundError extends RerankerError<'endpoint_not_found'> {
  static override readonly isInstance: Guard<EndpointNotFoundError> = guard('EndpointNotFoundError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('endpoint_not_found', message, options);
  }
}

/** No credentials, wrong or expired ones, or ones without `sagemaker:InvokeEndpoint` on this endpoint. */
export class AccessDeniedError extends RerankerError<'access_denied'> {
  static override readonly isInstance: Guard<AccessDeniedError> = guard('AccessDeniedError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('access_denied', message, options);
  }
}

type UnavailableCode = 'service_unavailable' | 'internal_failure' | 'model_not_ready' | 'no_capacity';

/**
 * The service or the model behind it cannot answer now; `code` says which. `model_not_ready`: a serverless endpoint
 * starts or a multi-model endpoint loads the model. `no_capacity`: an inference component is scaled to zero.
 */
export class UnavailableError extends RerankerError<UnavailableCode> {
  static override readonly isInstance: Guard<UnavailableError> = guard('UnavailableError');

  constructor(code: UnavailableCode, message: string, options?: RerankerErrorOptions) {
    super(code, message, { ...options, retryable: true });
  }
}

/** The error inside an {@link ErrorBody}; undefined when the text is anything else. */
function parseErrorBody(text: string): ErrorBody['error'] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const error = (body as { readonly error?: Partial<Record<keyof ErrorBody['error'], unknown>> } | null)
    ?.error;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
  const details = typeof error.details === 'object' && error.details !== null ? error.details : {};
  return { code: error.code, message: error.message, details: details as Record<string, unknown> };
}
