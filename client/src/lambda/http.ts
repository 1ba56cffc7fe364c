import {
  ModelError,
  PayloadTooLargeError,
  RerankerError,
  ThrottledError,
  TimeoutError,
  UnavailableError,
  ValidationError,
} from '../errors/index.js';
import type { ErrorBody } from '../wire.js';

/** The part of an API Gateway HTTP API event (payload format 2.0) that is read. */
export interface HttpEvent {
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

class BodyError extends Error {}

/** The JSON object in the body of an event. */
export function parseBody(event: HttpEvent): object {
  const { body = '', isBase64Encoded } = event;
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new BodyError(`the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BodyError('the body must be a JSON object with query and documents');
  }
  return parsed;
}

export function answer(statusCode: number, body: unknown): HttpAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The answer to a request that failed, in the one error shape; what the log gets holds no text of the request. */
export function refusal(error: unknown): HttpAnswer {
  if (error instanceof BodyError)
    return failure(400, { code: 'invalid_json', message: error.message, details: {} });
  if (!RerankerError.isInstance(error)) {
    log('internal error', { reason: String(error) });
    return failure(500, { code: 'internal_error', message: 'internal error', details: {} });
  }
  const { code, message, requestId } = error;
  log('not reranked', { code, requestId, reason: message });
  // What the container refuses as its caller's fault is this function's caller's fault, word for word.
  if (ModelError.isInstance(error) && error.containerError && isCallersFault(error.originalStatusCode)) {
    return failure(error.originalStatusCode, error.containerError);
  }
  const details = ValidationError.isInstance(error)
    ? { issues: error.issues }
    : requestId
      ? { requestId }
      : {};
  return failure(statusOf(error), { code, message, details });
}

function isCallersFault(status: number | undefined): status is number {
  return status !== undefined && status >= 400 && status < 500;
}

function statusOf(error: RerankerError): number {
  if (error.code === 'circuit_open') return 503;
  if (ValidationError.isInstance(error)) return 422;
  if (PayloadTooLargeError.isInstance(error)) return 413;
  if (ThrottledError.isInstance(error)) return 429;
  if (UnavailableError.isInstance(error)) return 503;
  if (TimeoutError.isInstance(error)) return 504;
  return 502;
}

function failure(statusCode: number, error: ErrorBody['error']): HttpAnswer {
  return answer(statusCode, { error } satisfies ErrorBody);
}

function log(msg: string, fields: Readonly<Record<string, unknown>>): void {
  console.error(JSON.stringify({ level: 'error', msg, ...fields }));
}
