import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { FORMATS, type Codec } from '../codec/index.js';
import { RequestError } from '../errors.js';

/** What a body is: one JSON request, a request a line, or a row a line. */
export type Medium = 'json' | 'jsonlines' | 'csv';

const MEDIA: Readonly<Record<string, Medium>> = {
  'application/json': 'json',
  'application/jsonlines': 'jsonlines',
  'application/jsonl': 'jsonlines',
  'application/x-ndjson': 'jsonlines',
  'text/csv': 'csv',
};

/** Media types of a body, those of one medium beside each other. */
export const MEDIA_TYPES: Readonly<Record<'single' | 'all', readonly string[]>> = {
  single: ['application/json'],
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
  const given = req.headers['content-type'];
  if (given === undefined) return { medium: 'json' };
  const type = parse(given);
  if (type === undefined || !allowed.includes(type.essence)) {
    throw refused(given, `is not supported; send ${allowed.join(', ')} in UTF-8`, allowed);
  }
  if (!/^utf-?8$/i.test(type.params.get('charset') ?? 'utf-8')) {
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

/** Whether the caller accepts an answer of JSON lines and names it before JSON. */
export function wantsLines(req: Request): boolean {
  const accepted = (req.headers.accept ?? '').split(',').map((range) => parse(range)?.essence ?? '');
  const known = accepted.find((essence) => MEDIA[essence] !== undefined);
  return known !== undefined && MEDIA[known] === 'jsonlines';
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
