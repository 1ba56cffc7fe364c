/** Every error of the client, one class per cause. */
export {
  AbortedError,
  CircuitOpenError,
  InvalidResponseError,
  NetworkError,
  StreamInterruptedError,
  TimeoutError,
} from './connection-errors.js';
export {
  MissingPackageError,
  PayloadTooLargeError,
  ValidationError,
  type ValidationIssue,
} from './request-errors.js';
export { RerankerError, type RerankerErrorCode, type RerankerErrorOptions } from './reranker-error.js';
export {
  AccessDeniedError,
  EndpointNotFoundError,
  ModelError,
  ThrottledError,
  UnavailableError,
} from './service-errors.js';
