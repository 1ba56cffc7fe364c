import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Codec } from '../codec/index.js';
import type { Engine } from '../engine/index.js';
import { ERRORS, RequestError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Settings } from '../settings.js';
import type { LoadedModels } from '../loaded-models.js';
import { hostFault } from './client-errors.js';
import type { Metrics } from './metrics.js';
import type { ContentType } from './negotiate.js';

/** What the routes need to know of the server around them. */
export interface AppContext {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The engine once it is loaded. */
  readonly engine: () => Engine | undefined;
  /** The models of a multi-model endpoint, which has no engine of its own. */
  readonly models?: LoadedModels;
  /** Set after SIGTERM. */
  readonly draining: () => boolean;
  /** Aborts the requests that outlast the drain. */
  readonly shutdown: AbortSignal;
}

/** What the handlers of one request leave for each other. */
interface RequestState {
  readonly requestId: string;
  /** The format in which errors are told; this project's own shape when absent. */
  errorFormat?: Codec;
  /** What answers the request, once it is known to be there. */
  engine?: Engine;
  /** What the body is, as its content type says. */
  contentType: ContentType;
}

const CUSTOM_ATTRIBUTES = 'X-Amzn-SageMaker-Custom-Attributes';

export function stateOf(res: Response): RequestState {
  return res.locals.state as RequestState;
}

/**
 * Gives every request its id and every answer the caller's custom attributes; while the container drains, every answer says
 * that its connection closes.
 * @throws RequestError `malformed_request` for a request without the Host header that HTTP/1.1 requires.
 */
export function identify(context: AppContext): RequestHandler {
  return (req, res, next) => {
    const state: RequestState = { requestId: requestId(req), contentType: { medium: 'json' } };
    res.locals.state = state;
    res.set('X-Request-Id', state.requestId);
    const attributes = req.get(CUSTOM_ATTRIBUTES);
    if (attributes !== undefined) res.set(CUSTOM_ATTRIBUTES, attributes);
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
    res.writeHead = (...args: unknown[]) => {
      if (context.draining()) res.setHeader('Connection', 'close');
      return writeHead(...args);
    };
    const fault = hostFault(req);
    if (fault !== undefined) throw new RequestError('malformed_request', fault);
    next();
  };
}

/** SageMaker's inference id, or the caller's own request id, where it is harmless in a header and a log. */
function requestId(req: Request): string {
  const given = req.get('X-Amzn-SageMaker-Inference-Id') ?? req.get('X-Request-Id');
  return given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/** Aborts when the caller hangs up, and when the drain is over. */
export function requestSignal(res: Response, shutdown: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort(shutdown.reason);
  shutdown.addEventListener('abort', stop);
  res.once('close', () => {
    shutdown.removeEventListener('abort', stop);
    if (!res.writableFinished) controller.abort(new Error('the caller hung up'));
  });
  return controller.signal;
}

/** 503 for what needs the engine while there is none. */
export function unavailable(context: AppContext): RequestError {
  const code = context.draining() ? 'draining' : context.engine() ? 'model_unavailable' : 'not_ready';
  return new RequestError(code, ERRORS[code].meaning, {}, { retryAfter: 1 });
}
