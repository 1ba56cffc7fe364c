/** The typed client: what callers of a deployed reranker import. */
export {
  AbortedError,
  AccessDeniedError,
  EndpointNotFoundError,
  InvalidResponseError,
  ModelError,
  NetworkError,
  PayloadTooLargeError,
  RerankerError,
  ThrottledError,
  TimeoutError,
  UnavailableError,
  ValidationError,
  type RerankerErrorCode,
  type RerankerErrorOptions,
  type ValidationIssue,
} from './errors';
export { RerankerClient, type ClientOptions, type RerankerClientOptions } from './reranker-client';
export type { SageMakerOptions } from './sagemaker-transport';
export type { RerankTransport, TransportRequest, TransportResponse } from './transport';
export type {
  Ranking,
  RerankRequest,
  RerankResponse,
  RerankResult,
  TextDocument,
  TextSelector,
} from './types';
export type { ErrorBody, RerankRequestBody, RerankResponseBody, RerankResultBody } from './wire';
