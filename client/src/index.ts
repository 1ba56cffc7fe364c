/** The typed client: what callers of a deployed reranker import. */
export {
  AbortedError,
  AccessDeniedError,
  CircuitOpenError,
  EndpointNotFoundError,
  InvalidResponseError,
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
  type RerankerErrorCode,
  type RerankerErrorOptions,
  type ValidationIssue,
} from './errors/index.js';
export { ClientReranker } from './client-reranker.js';
export { fuseScores, type FusionMethod, type FusionOptions } from './fusion.js';
export type { AttemptInfo, CallInfo, ClientEvent, Instrumentation } from './instrumentation.js';
export type { ClientOptions, RerankerClientOptions } from './options.js';
export type { CircuitBreakerOptions, CircuitState } from './policy/circuit-breaker.js';
export type { HedgeOptions } from './policy/hedge.js';
export type { RetryOptions } from './policy/retry.js';
export { RerankerClient } from './reranker-client.js';
export type { StreamSummary } from './stream-call.js';
export {
  AsyncEndpointTransport,
  type AsyncEndpointOptions,
  type AsyncJob,
} from './transport/async-transport.js';
export { HttpTransport, type HttpOptions } from './transport/http-transport.js';
export type { ObjectStore, S3ClientLike } from './transport/s3-object-store.js';
export { SageMakerTransport, type SageMakerOptions } from './transport/sagemaker-transport.js';
export type {
  InvocationOptions,
  RerankTransport,
  TransportMetadata,
  TransportRequest,
  TransportResponse,
  TransportStream,
} from './transport/transport.js';
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
} from './types.js';
export type {
  ErrorBody,
  RerankRequestBody,
  RerankResponseBody,
  RerankResultBody,
  RerankStreamEndBody,
  RerankStreamLine,
} from './wire.js';
