import type { ErrorRequestHandler, Request, Response } from 'express';
import { RequestError } from '../errors.js';
import type { Settings } from '../settings.js';
import { stateOf, type AppContext } from './context.js';

/** Of a refused request: how long its body is read and dropped, and how many of the largest bodies it may hold. */
const DROP_MS = 30_000;
const DROPPED_BODIES = 4;

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
    const { errorFormat, requestId } = stateOf(res);
    const { status, body, headers } = errorFormat?.encodeError(known, requestId) ?? {
      status: known.status,
      body: known.toBody(),
    };
    if (headers !== undefined) res.set(headers);
    res.status(status);
    if (req.complete) res.json(body);
    else answerEarly(req, res, body, context.settings);
  };
}

/**
 * Answers before the body has arrived. A caller that writes before it reads loses an answer whose connection is closed on it:
 * so the answer is written at once, and ended when the body has been read and dropped, or is too large or too slow for that.
 */
function answerEarly(req: Request, res: Response, body: object, settings: Settings): void {
  const text = Buffer.from(JSON.stringify(body));
  res.set({ 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': String(text.length) });
  res.write(text);
  let dropped = 0;
  const finish = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const giveUp = (): void => {
    clearTimeout(timer);
    req.socket.destroy();
  };
  // Before the server itself ends a request that does not arrive in time.
  const timer = setTimeout(giveUp, Math.min(DROP_MS, settings.deadlineMs / 2));
  req.on('data', (piece: Buffer) => {
    dropped += piece.length;
    if (dropped > DROPPED_BODIES * settings.maxBodyBytes) giveUp();
  });
  req.once('end', finish);
  req.once('close', () => clearTimeout(timer));
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
    throw new RequestError('method_not_allowed', `${pathOf(req)} does not take ${req.method}`, {
      allowed: allowed.split(', '),
    });
  };
}

function fieldsOf(req: Request, res: Response): Readonly<Record<string, string>> {
  return { requestId: stateOf(res).requestId, method: req.method, path: pathOf(req) };
}

/** The path a caller asked for, also where a router has taken its part of it off. */
function pathOf(req: Request): string {
  return (req.baseUrl + req.path).replace(/(?<=.)\/$/, '').slice(0, 200);
}
