import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { FORMATS, type Codec } from '../codec/index.js';
import { RequestError } from '../errors.js';

/** What a body is: one JSON request, a request a line, or a row a line. */
type Medium = 'json' | 'jsonlines' | 'csv';

const MEDIA: Readonly<Record<string, Medium>> = {
  'application/json': 'json',
  'text/json': 'json',
  'application/jsonlines': 'jsonlines',
  'application/jsonl': 'jsonlines',
  'application/x-jsonlines': 'jsonlines',
  'application/x-ndjson': 'jsonlines',
  'application/ndjson': 'jsonlines',
  'text/csv': 'csv',
  'application/csv': 'csv',
};

/** What SDKs send where their caller names no type: AWS's for JavaScript, SageMaker's plain Predictor. */
const NO_TYPE = 'application/octet-stream';
/** Charsets whose bytes are UTF-8. */
const UTF8 = /^(utf-?8|us-ascii|ascii)$/i;

/** Media types of a body, those of one medium beside each other. */
export const MEDIA_TYPES: Readonly<Record<'single' | 'all', readonly string[]>> = {
  single: ['application/json', 'text/json'],
  all: Object.keys(MEDIA),
};

export interface ContentType {
  readonly medium: Medium;
  /** The format its parameter names, as in `application/json; format=cohere`. */
  readonly format?: Codec;
}

/**
 * Reads a request's content type; a missing one is JSON, SageMaker's default.
 * @throws RequestError `unsupported_media_type` for another type, charset or format.
 */
export function readContentType(req: Request, allowed: readonly string[]): ContentType {
  const given = req.headers['content-type']?.trim();
  if (given === undefined || given === '') return { medium: 'json' };
  const type = parse(given);
  if (type?.essence === NO_TYPE) return { medium: 'json' };
  if (type === undefined || !allowed.includes(type.essence)) {
    throw refused(given, `is not supported; send ${allowed.join(', ')} in UTF-8`, allowed);
  }
  if (!UTF8.test(type.params.get('charset') ?? 'utf-8')) {
    throw refused(given, 'has another charset than UTF-8', allowed);
  }
  const name = type.params.get('format');
  if (name === null) return { medium: MEDIA[type.essence]! };
  const format = FORMATS.get(name.toLowerCase());
  if (format === undefined) {
    const formats = [...FORMATS.keys()];
    throw refused(given, `names an unknown format; format is one of ${formats.join(', ')}`, allowed, {
      formats,
    });
  }
  return { medium: MEDIA[type.essence]!, format };
}

/**
 * What medium an answer is written in, by `Accept` (RFC 9110, 12.5.1): of the media offered, the one with the highest
 * quality, of equal ones the more specific range, then the first named. Without `Accept`, and where none of them is accepted,
 * it is the first that is offered.
 */
export function answerMedium(req: Request, offered: readonly [Medium, ...Medium[]]): Medium {
  const types = offered.flatMap((medium) => Object.keys(MEDIA).filter((type) => MEDIA[type] === medium));
  const chosen = req.accepts(types);
  return typeof chosen === 'string' ? (MEDIA[chosen] ?? offered[0]) : offered[0];
}

function parse(type: string): MIMEType | undefined {
  try {
    return new MIMEType(type);
  } catch {
    return undefined;
  }
}

function refused(
  given: string,
  what: string,
  allowed: readonly string[],
  details: Readonly<Record<string, unknown>> = {},
): RequestError {
  const shown = given.slice(0, 100);
  return new RequestError('unsupported_media_type', `content type ${JSON.stringify(shown)} ${what}`, {
    given: shown,
    allowed,
    ...details,
  });
}
