import type { ErrorRequestHandler, Request, Response } from 'express';
import { RequestError } from '../errors.js';
import { stateOf, type AppContext } from './context.js';

/** Whatever was thrown, as the error a caller sees. */
export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  // A path whose percent signs are no encoding names nothing.
  if (error instanceof URIError) return new RequestError('not_found', 'the path cannot be decoded');
  return new RequestError('internal_error', 'internal error');
}

/** Answers every error: in the format the caller was told, else in this project's own shape. */
export function errorHandler(context: AppContext): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.destroyed) {
      context.logger.info(fieldsOf(req, res), 'caller hung up');
      return;
    }
    if (res.headersSent) {
      next(error);
      return;
    }
    const known = asRequestError(error);
    logRefusal(context, req, res, error);
    if (known.retryAfter !== undefined) res.set('Retry-After', String(known.retryAfter));
    if (context.draining() || !req.complete) res.set('Connection', 'close');
    const { errorFormat, requestId } = stateOf(res);
    const { status, body, headers } = errorFormat?.encodeError(known, requestId) ?? {
      status: known.status,
      body: known.toBody(),
    };
    if (headers !== undefined) res.set(headers);
    res.status(status).json(body);
  };
}

/** Logs an error with its code, and with its stack where it is a fault of the container. */
export function logRefusal(context: AppContext, req: Request, res: Response, error: unknown): void {
  const { status, code } = asRequestError(error);
  const level = status >= 500 && status !== 503 ? 'error' : 'info';
  context.logger[level](
    { ...fieldsOf(req, res), status, code, ...(status === 500 ? { err: error } : {}) },
    'refused',
  );
}

/** 405 with the methods a route takes. */
export function refuseMethod(allowed: string) {
  return (req: Request, res: Response): void => {
    res.set('Allow', allowed);
    throw new RequestError('method_not_allowed', `${req.path} does not take ${req.method}`, {
      allowed: allowed.split(', '),
    });
  };
}

function fieldsOf(req: Request, res: Response): Readonly<Record<string, string>> {
  return { requestId: stateOf(res).requestId, method: req.method, path: req.path.slice(0, 200) };
}
