import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { decodeAwsChunked, FramingError } from './aws-chunked.js';
import { StoreLimitError, type LocalObjectStore, type StoredObject } from './object-store.js';

/** An answer as S3 gives it. */
class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const METHODS = ['PUT', 'GET', 'HEAD', 'DELETE'];
const OBJECT = /^\/([^/]+)\/(.+)$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Parameters that ask for nothing but the object: the operation's name, and those of presigned URLs. */
const PLAIN_PARAMETER = /^(x-id$|x-amz-)/i;
/** Headers that ask a PUT for more than to store its body. */
const CONDITIONS = ['x-amz-copy-source', 'if-match', 'if-none-match'];

/** Whether a request is one for an object, `/bucket/key` with a method of S3. */
export function asksForObject(request: IncomingMessage): boolean {
  return METHODS.includes(request.method ?? '') && OBJECT.test(pathOf(request));
}

/**
 * PutObject, GetObject, HeadObject and DeleteObject of S3's REST API, with path-style addresses, as the SDKs use them
 * for an endpoint that is an IP address. Every bucket exists; signatures and checksums are accepted unverified.
 * Never rejects: every failure is an answer in the shape S3 gives it.
 */
export async function serveObject(
  request: IncomingMessage,
  response: ServerResponse,
  store: LocalObjectStore,
): Promise<void> {
  try {
    await answer(request, response, store);
  } catch (error) {
    sendError(request, response, toS3Error(error));
  } finally {
    request.resume();
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  store: LocalObjectStore,
): Promise<void> {
  const name = objectName(request);
  switch (request.method) {
    case 'PUT': {
      const stored = await put(request, name, store);
      response.writeHead(200, { etag: etagOf(stored), 'content-length': 0 }).end();
      return;
    }
    case 'DELETE':
      await store.delete(name);
      response.writeHead(204).end();
      return;
    default: {
      const found = store.read(name);
      if (!found) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
      const { object, content } = found;
      response.writeHead(200, {
        'content-length': object.bytes,
        'content-type': object.contentType,
        etag: etagOf(object),
        'last-modified': object.modified.toUTCString(),
      });
      if (request.method === 'GET') return pipeline(content, response);
      content.destroy();
      response.end();
    }
  }
}

async function put(request: IncomingMessage, name: string, store: LocalObjectStore): Promise<StoredObject> {
  const { headers } = request;
  for (const header of CONDITIONS.filter((condition) => headers[condition] !== undefined)) {
    throw new S3Error(501, 'NotImplemented', `The header ${header} is not supported here.`);
  }
  const chunked = /\baws-chunked\b/.test(headers['content-encoding'] ?? '');
  const body = request as AsyncIterable<Buffer>;
  const content = chunked ? decodeAwsChunked(body) : body;
  const contentType = headers['content-type'] ?? 'application/octet-stream';
  return store.put(name, content, contentType);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0]!;
}

/** @throws S3Error when the request is for more than the object, or no bucket can have the name. */
function objectName(request: IncomingMessage): string {
  const [, bucket = '', key = ''] = OBJECT.exec(pathOf(request)) ?? [];
  if (!BUCKET.test(bucket)) throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.');
  const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
  for (const parameter of searchParams.keys()) {
    if (PLAIN_PARAMETER.test(parameter)) continue;
    throw new S3Error(501, 'NotImplemented', `The parameter ${parameter} is not supported here.`);
  }
  return `${bucket}/${decode(key)}`;
}

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}

function etagOf({ md5 }: StoredObject): string {
  return `"${md5}"`;
}

function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof FramingError) return new S3Error(400, 'IncompleteBody', error.message);
  if (!(error instanceof StoreLimitError))
    return new S3Error(500, 'InternalError', 'An internal error occurred.');
  return error.limit === 'objectBytes'
    ? new S3Error(400, 'EntityTooLarge', error.message)
    : new S3Error(507, 'InsufficientStorage', `${error.message}: delete some, or start the endpoint again`);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: S3Error): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const message = error.message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${message}</Message></Error>`;
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
