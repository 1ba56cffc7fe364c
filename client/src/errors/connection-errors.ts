import { guard, type Guard, RerankerError, type RerankerErrorOptions } from './reranker-error.js';

/** The deadline of the call passed, or a socket stayed silent too long. */
export class TimeoutError extends RerankerError<'timeout'> {
  static override readonly isInstance: Guard<TimeoutError> = guard('TimeoutError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('timeout', message, { ...options, retryable: true });
  }
}

/** The caller's AbortSignal fired; its reason is the `cause`. */
export class AbortedError extends RerankerError<'aborted'> {
  static override readonly isInstance: Guard<AbortedError> = guard('AbortedError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('aborted', message, options);
  }
}

/** No reply: the name did not resolve, the connection was refused or broke. */
export class NetworkError extends RerankerError<'network_error'> {
  static override readonly isInstance: Guard<NetworkError> = guard('NetworkError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('network_error', message, { ...options, retryable: true });
  }
}

/** The endpoint answered with success, but not with a rerank answer to this request. */
export class InvalidResponseError extends RerankerError<'invalid_response'> {
  static override readonly isInstance: Guard<InvalidResponseError> = guard('InvalidResponseError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('invalid_response', message, options);
  }
}

/** A response stream ended before its summary; the results given until then stand. */
export class StreamInterruptedError extends RerankerError<'stream_interrupted'> {
  static override readonly isInstance: Guard<StreamInterruptedError> = guard('StreamInterruptedError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('stream_interrupted', message, { ...options, retryable: true });
  }
}

/** The call was not made: the last ones failed, and the circuit breaker lets none through yet. */
export class CircuitOpenError extends RerankerError<'circuit_open'> {
  static override readonly isInstance: Guard<CircuitOpenError> = guard('CircuitOpenError');

  constructor(message: string, options?: RerankerErrorOptions) {
    super('circuit_open', message, { ...options, retryable: true });
  }
}
