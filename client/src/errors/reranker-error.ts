/** Stable, machine-readable cause of a {@link RerankerError}. */
export type RerankerErrorCode =
  | 'invalid_request'
  | 'payload_too_large'
  | 'throttled'
  | 'model_error'
  | 'endpoint_not_found'
  | 'access_denied'
  | 'service_unavailable'
  | 'internal_failure'
  | 'model_not_ready'
  | 'no_capacity'
  | 'timeout'
  | 'aborted'
  | 'network_error'
  | 'stream_interrupted'
  | 'circuit_open'
  | 'invalid_response'
  | 'missing_package'
  | 'unexpected';

export interface RerankerErrorOptions {
  /** HTTP status of the reply this error came with. */
  readonly status?: number;
  /** Request id of the service, for a support case. */
  readonly requestId?: string;
  /** Milliseconds after which the service asked to be tried again. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

// Registered symbol: two copies of this package in one process (a bundle and node_modules) share it.
const MARKER = Symbol.for('sagemaker-reranker.error');

/** A guard that carries the name of what it looks for: minifiers change the names of classes. */
export interface Guard<T> {
  (value: unknown): value is T;
  readonly kind: string;
}

/** Recognises errors of one class, or of any where none is named, of another copy of this package too. */
export function guard<T>(kind: string, any = false): Guard<T> {
  const recognises = (value: unknown): value is T => {
    if (typeof value !== 'object' || value === null) return false;
    const found = (value as { readonly [MARKER]?: unknown })[MARKER];
    return any ? typeof found === 'string' : found === kind;
  };
  return Object.assign(recognises, { kind });
}

/**
 * Anything that can go wrong with a rerank call; each cause has a subclass.
 * The `isInstance` guards recognise errors of another copy of this package, which `instanceof` does not.
 */
export class RerankerError<C extends RerankerErrorCode = RerankerErrorCode> extends Error {
  static readonly isInstance: Guard<RerankerError> = guard('RerankerError', true);
  readonly code: C;
  readonly status: number | undefined;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  /** Milliseconds after which the service asked to be tried again, where it said. */
  readonly retryAfterMs: number | undefined;
  readonly [MARKER]: string;

  constructor(
    code: C,
    message: string,
    options: RerankerErrorOptions & { readonly retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.isInstance.kind;
    this[MARKER] = this.name;
    this.code = code;
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.requestId = options.requestId;
    this.retryAfterMs = options.retryAfterMs;
  }
}
