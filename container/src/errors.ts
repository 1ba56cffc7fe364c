import type { ErrorBody } from '@sagemaker-reranker/client';

/** One row of the table of errors: the HTTP status and when the container answers so. */
export interface ErrorRow {
  readonly status: number;
  /** When this error is given, one sentence; docs/api.md prints it. */
  readonly meaning: string;
}

/** Every error the container answers with, by its stable code. The one place where code and status meet. */
export const ERRORS = {
  invalid_json: {
    status: 400,
    meaning: 'The body is not JSON, not UTF-8, or cannot be decompressed.',
  },
  malformed_request: { status: 400, meaning: 'What the connection carries is not valid HTTP.' },
  not_found: { status: 404, meaning: 'No such route.' },
  model_not_found: { status: 404, meaning: 'No model of this name is loaded (multi-model endpoints).' },
  method_not_allowed: { status: 405, meaning: 'The route exists with another method; Allow names it.' },
  request_timeout: {
    status: 408,
    meaning: 'Headers or body did not arrive in time; a request has RERANKER_DEADLINE_MS to arrive.',
  },
  model_exists: {
    status: 409,
    meaning: 'A model of this name is loaded or loading (multi-model endpoints).',
  },
  payload_too_large: { status: 413, meaning: 'The body is larger than the limit.' },
  unsupported_media_type: {
    status: 415,
    meaning: 'The content type, charset or content encoding is not one the container reads.',
  },
  invalid_request: {
    status: 422,
    meaning: 'A field is missing, empty or of the wrong type; details.path names it.',
  },
  too_many_documents: { status: 422, meaning: 'The request holds more documents than allowed.' },
  too_many_values: {
    status: 422,
    meaning: 'The body holds many times more values than a request of all documents that are allowed.',
  },
  input_too_long: {
    status: 422,
    meaning:
      'A query and document are longer than the model takes, and the request asks for an error instead of truncation.',
  },
  too_many_tokens: {
    status: 422,
    meaning: 'The request alone holds more tokens than the queue admits; send it in parts.',
  },
  model_unusable: {
    status: 422,
    meaning: 'The model directory cannot be used; details.reason says why (multi-model endpoints).',
  },
  headers_too_large: { status: 431, meaning: 'The headers hold more than 16 KB.' },
  overloaded: {
    status: 429,
    meaning:
      'The queue, counted in tokens, or the memory for bodies is full; Retry-After says when to try again.',
  },
  inference_failed: { status: 500, meaning: 'The model could not score this batch.' },
  worker_crashed: {
    status: 500,
    meaning: 'The inference process died twice on this request; the first time it was tried again.',
  },
  internal_error: { status: 500, meaning: 'A fault of the container; the log has it under the request id.' },
  not_ready: { status: 503, meaning: 'The model is still loading.' },
  model_unavailable: {
    status: 503,
    meaning:
      'No inference process can be started: the model file is gone or unreadable, or they keep ending; the log says why.',
  },
  draining: { status: 503, meaning: 'The container is shutting down and takes no new work.' },
  insufficient_memory: {
    status: 507,
    meaning: 'The memory for models is full; unload another first (multi-model endpoints).',
  },
  deadline_exceeded: { status: 504, meaning: 'The request was not finished before its deadline.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** A request that cannot be answered, as the caller will see it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** Seconds after which a retry is worth it, for 429 and 503. */
  readonly retryAfter?: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = ERRORS[code].status;
    this.retryAfter = options.retryAfter;
  }

  toBody(): ErrorBody {
    // SageMaker does not pass the Retry-After header on, so the body says it too.
    const retry = this.retryAfter === undefined ? {} : { retry_after: this.retryAfter };
    return { error: { code: this.code, message: this.message, details: { ...this.details, ...retry } } };
  }
}
