import express, { type Request, type RequestHandler, type Response } from 'express';
import { RequestError } from '../errors';
import type { Settings } from '../settings';

type BodyLimits = Pick<Settings, 'maxBodyBytes' | 'inflightBytes'>;

/** Reads a request's body into a Buffer, decompressed, within the limit of one and of all bodies together. */
export function bodyReader(limits: BodyLimits): RequestHandler[] {
  const budget = new BodyBudget(limits);
  const raw = express.raw({ type: () => true, limit: limits.maxBodyBytes });
  return [
    (req, res, next) => {
      if (declaredLength(req) > limits.maxBodyBytes) throw tooLarge(limits, declaredLength(req));
      budget.reserve(req, res);
      next();
    },
    (req, res, next) =>
      void raw(req, res, (error?: unknown) => {
        next(error === undefined ? undefined : bodyError(error as BodyParserError, limits));
      }),
  ];
}

/** Bytes of all bodies held at once; a body counts from its headers until its answer is sent. */
class BodyBudget {
  private held = 0;

  constructor(private readonly limits: BodyLimits) {}

  reserve(req: Request, res: Response): void {
    // Without a length, or compressed, a body may be as large as the limit.
    const opaque = req.headers['content-encoding'] !== undefined || Number.isNaN(declaredLength(req));
    const bytes = opaque ? this.limits.maxBodyBytes : declaredLength(req);
    if (this.held + bytes > this.limits.inflightBytes) {
      throw new RequestError(
        'overloaded',
        `request bodies in flight hold ${this.held} of ${this.limits.inflightBytes} bytes; this one does not fit now`,
        { held: this.held, limit: this.limits.inflightBytes },
        { retryAfter: 1 },
      );
    }
    this.held += bytes;
    res.once('close', () => (this.held -= bytes));
  }
}

/** Content-Length; 0 for a request without a body, NaN where the body's length is not declared. */
function declaredLength(req: Request): number {
  if (req.headers['transfer-encoding'] !== undefined) return NaN;
  return Number(req.headers['content-length'] ?? 0);
}

function tooLarge(limits: BodyLimits, given?: number): RequestError {
  return new RequestError(
    'payload_too_large',
    `the body is larger than the limit of ${limits.maxBodyBytes} bytes`,
    {
      limit: limits.maxBodyBytes,
      ...(given === undefined ? {} : { given }),
    },
  );
}

/** Errors of Express' body parser carry a type: https://github.com/expressjs/body-parser#errors */
interface BodyParserError extends Error {
  readonly type?: string;
  readonly status?: number;
}

function bodyError(error: BodyParserError, limits: BodyLimits): Error {
  if (error.type === 'entity.too.large') return tooLarge(limits);
  if (error.type === 'encoding.unsupported') {
    return new RequestError(
      'unsupported_media_type',
      'the content encoding is not supported; send gzip, deflate, br or none',
      {
        allowed: ['gzip', 'deflate', 'br', 'identity'],
      },
    );
  }
  if (error.status === 400) return new RequestError('invalid_json', `the body cannot be read`, {});
  return error;
}
