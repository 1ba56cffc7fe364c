import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { RequestError } from '../errors.js';
import type { Settings } from '../settings.js';

type BodyLimits = Pick<Settings, 'maxBodyBytes' | 'inflightBytes'>;

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Reads a request's body into a Buffer, decompressed, within the limit of one and of all bodies together. */
export function bodyReader(limits: BodyLimits): RequestHandler {
  const budget = new BodyBudget(limits.inflightBytes);
  return async (req, res, next) => {
    const coding = codingOf(req);
    const declared = declaredLength(req);
    if (declared > limits.maxBodyBytes) throw tooLarge(limits, declared);
    // What a body holds is known only as it arrives: one that declares much and sends little must not keep others out.
    const share = budget.share(res);
    const raw = await collect(req, limits, (bytes) => share.grow(bytes));
    req.body = coding === undefined ? raw : await decode(raw, coding, limits, share);
    next();
  };
}

async function decode(
  raw: Buffer,
  coding: keyof typeof DECODERS,
  limits: BodyLimits,
  share: BodyShare,
): Promise<Buffer> {
  share.grow(limits.maxBodyBytes);
  try {
    const body = await DECODERS[coding](raw, { maxOutputLength: limits.maxBodyBytes });
    share.grow(body.length - raw.length - limits.maxBodyBytes);
    return body;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits);
    throw new RequestError('invalid_json', `the body is not what its content encoding ${coding} says`);
  }
}

/** The body as it arrives; `grow` is told of each piece before it is kept. */
function collect(req: Request, limits: BodyLimits, grow: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const stop = (error: Error): void => {
      req.off('data', onData);
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      length += piece.length;
      try {
        if (length > limits.maxBodyBytes) throw tooLarge(limits);
        grow(piece.length);
        pieces.push(piece);
      } catch (error) {
        stop(error as Error);
      }
    };
    req.on('data', onData);
    req.once('end', () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length)));
    req.once('close', () => reject(new Error('the caller hung up')));
    req.once('error', reject);
  });
}

interface BodyShare {
  /** @throws RequestError `overloaded` where the bodies in flight would hold too much. */
  grow(bytes: number): void;
}

/** Bytes of all bodies held at once; a body counts from its first byte until its answer is sent. */
class BodyBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  share(res: Response): BodyShare {
    let own = 0;
    res.once('close', () => {
      this.#held -= own;
      own = 0;
    });
    return {
      grow: (bytes) => {
        if (bytes > 0 && this.#held + bytes > this.#limit) {
          throw new RequestError(
            'overloaded',
            `request bodies in flight hold ${this.#held} of ${this.#limit} bytes; this one does not fit now`,
            { held: this.#held, limit: this.#limit },
            { retryAfter: 1 },
          );
        }
        // A caller who has gone holds nothing any more.
        if (res.destroyed) return;
        own += bytes;
        this.#held += bytes;
      },
    };
  }
}

/** @throws RequestError `unsupported_media_type` for an encoding that is not read here. */
function codingOf(req: Request): keyof typeof DECODERS | undefined {
  const given = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (given === 'identity' || given === '') return undefined;
  if (Object.hasOwn(DECODERS, given)) return given as keyof typeof DECODERS;
  throw new RequestError(
    'unsupported_media_type',
    'the content encoding is not supported; send gzip, deflate, br or none',
    { allowed: ['gzip', 'deflate', 'br', 'identity'] },
  );
}

/** Content-Length; 0 where it is not declared. */
function declaredLength(req: Request): number {
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
