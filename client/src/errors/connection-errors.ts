import { hasKind, RerankerError, type RerankerErrorOptions } from './reranker-error.js';

/** The deadline of the call passed, or a socket stayed silent too long. */
export class TimeoutError extends RerankerError<'timeout'> {
  protected static override readonly kind: string = 'TimeoutError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('timeout', message, { ...options, retryable: true });
  }

  static override isInstance(value: unknown): value is TimeoutError {
    return hasKind(value, 'TimeoutError');
  }
}

/** The caller's AbortSignal fired; its reason is the `cause`. */
export class AbortedError extends RerankerError<'aborted'> {
  protected static override readonly kind: string = 'AbortedError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('aborted', message, options);
  }

  static override isInstance(value: unknown): value is AbortedError {
    return hasKind(value, 'AbortedError');
  }
}

/** No reply: the name did not resolve, the connection was refused or broke. */
export class NetworkError extends RerankerError<'network_error'> {
  protected static override readonly kind: string = 'NetworkError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('network_error', message, { ...options, retryable: true });
  }

  static override isInstance(value: unknown): value is NetworkError {
    return hasKind(value, 'NetworkError');
  }
}

/** The endpoint answered with success, but not with a rerank answer to this request. */
export class InvalidResponseError extends RerankerError<'invalid_response'> {
  protected static override readonly kind: string = 'InvalidResponseError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('invalid_response', message, options);
  }

  static override isInstance(value: unknown): value is InvalidResponseError {
    return hasKind(value, 'InvalidResponseError');
  }
}

/** A response stream ended before its summary; the results given until then stand. */
export class StreamInterruptedError extends RerankerError<'stream_interrupted'> {
  protected static override readonly kind: string = 'StreamInterruptedError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('stream_interrupted', message, { ...options, retryable: true });
  }

  static override isInstance(value: unknown): value is StreamInterruptedError {
    return hasKind(value, 'StreamInterruptedError');
  }
}

/** The call was not made: the last ones failed, and the circuit breaker lets none through yet. */
export class CircuitOpenError extends RerankerError<'circuit_open'> {
  protected static override readonly kind: string = 'CircuitOpenError';

  constructor(message: string, options?: RerankerErrorOptions) {
    super('circuit_open', message, { ...options, retryable: true });
  }

  static override isInstance(value: unknown): value is CircuitOpenError {
    return hasKind(value, 'CircuitOpenError');
  }
}
