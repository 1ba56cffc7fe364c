/** Every error of the client, one class per cause. */
export {
  AbortedError,
  CircuitOpenError,
  InvalidResponseError,
  NetworkError,
  StreamInterruptedError,
  TimeoutError,
} from './connection-errors';
export { PayloadTooLargeError, ValidationError, type ValidationIssue } from './request-errors';
export { RerankerError, type RerankerErrorCode, type RerankerErrorOptions } from './reranker-error';
export {
  AccessDeniedError,
  EndpointNotFoundError,
  ModelError,
  ThrottledError,
  UnavailableError,
} from './service-errors';
