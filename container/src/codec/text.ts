import { isUtf8 } from 'node:buffer';
import { RequestError } from '../errors.js';
import { kindOf } from './faults.js';

export type Fields = Readonly<Record<string, unknown>>;

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Bytes as text; a byte order mark at the head is dropped, as RFC 8259, 8.1 allows (Excel and PowerShell write it).
 * @throws RequestError `invalid_json` where the bytes are not UTF-8: a replacement character would be scored instead.
 */
export function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RequestError('invalid_json', 'the body is not UTF-8 text');
  const text = bytes.toString('utf8');
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/**
 * The JSON object in a body.
 * @throws RequestError `invalid_json` where it is no JSON; `invalid_request` where it is no object.
 */
export function parseObject(body: Buffer): Fields {
  const text = textOf(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8 quotes the text around the fault: only the position may go into an answer that platforms log.
    const position = /at position (\d+)/.exec((cause as Error).message)?.[1];
    throw new RequestError(
      'invalid_json',
      body.length === 0 ? 'the body is empty; it must be a JSON object' : 'the body is not valid JSON',
      position === undefined ? {} : { position: Number(position) },
    );
  }
  if (isObject(value)) return value;
  throw new RequestError('invalid_request', `the body is ${kindOf(value)}; it must be a JSON object`, {
    path: '',
  });
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
