/** The typed client: what callers of a deployed reranker import. */
export {
  AbortedError,
  AccessDeniedError,
  CircuitOpenError,
  EndpointNotFoundError,
  InvalidResponseError,
  ModelError,
  NetworkError,
  PayloadTooLargeError,
  RerankerError,
  StreamInterruptedError,
  ThrottledError,
  TimeoutError,
  UnavailableError,
  ValidationError,
  type RerankerErrorCode,
  type RerankerErrorOptions,
  type ValidationIssue,
} from './errors';
export type { AttemptInfo, CallInfo, ClientEvent, Instrumentation } from './instrumentation';
export type { ClientOptions, RerankerClientOptions } from './options';
export type { CircuitBreakerOptions, CircuitState } from './policy/circuit-breaker';
export type { HedgeOptions } from './policy/hedge';
export type { RetryOptions } from './policy/retry';
export { RerankerClient } from './reranker-client';
export type { StreamSummary } from './stream-call';
export {
  AsyncEndpointTransport,
  type AsyncEndpointOptions,
  type AsyncJob,
} from './transport/async-transport';
export { HttpTransport, type HttpOptions } from './transport/http-transport';
export type { ObjectStore, S3ClientLike } from './transport/s3-object-store';
export { SageMakerTransport, type SageMakerOptions } from './transport/sagemaker-transport';
export type {
  InvocationOptions,
  RerankTransport,
  TransportMetadata,
  TransportRequest,
  TransportResponse,
  TransportStream,
} from './transport/transport';
export type {
  OnUnavailable,
  PassthroughResponse,
  PassthroughResult,
  Ranking,
  RerankAnswer,
  RerankRequest,
  RerankResponse,
  RerankResult,
  StreamRequest,
  TextDocument,
  TextSelector,
} from './types';
export type {
  ErrorBody,
  RerankRequestBody,
  RerankResponseBody,
  RerankResultBody,
  RerankStreamEndBody,
  RerankStreamLine,
} from './wire';
