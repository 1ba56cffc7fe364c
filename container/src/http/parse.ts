import { setImmediate } from 'node:timers/promises';
import { parseObject, type Fields } from '../codec/index.js';
import { RequestError } from '../errors.js';
import type { Settings } from '../settings.js';

/** A body up to this size is parsed in some milliseconds, whatever it holds. */
export const SMALL_BYTES = 256 * 1024;
/** Bytes looked at between two turns of the event loop, so that a ping waits no longer than a few milliseconds. */
const STRIDE_BYTES = 1024 * 1024;
/** Values there may be in a body for each document that is allowed: more than any format has. */
const VALUES_PER_DOCUMENT = 50;

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/**
 * The JSON object in a body. A large one is looked over first, bit by bit: parsing millions of values takes a second, in
 * which no ping would be answered.
 * @throws RequestError as \`parseObject\`; \`too_many_values\`.
 */
export async function parseBody(
  body: Buffer,
  { maxDocuments }: Pick<Settings, 'maxDocuments'>,
): Promise<Fields> {
  if (body.length > SMALL_BYTES) await checkValues(body, VALUES_PER_DOCUMENT * Math.max(maxDocuments, 1_000));
  return parseObject(body);
}

async function checkValues(body: Buffer, most: number): Promise<void> {
  let values = 0;
  let inString = false;
  for (let start = 0; start < body.length; start += STRIDE_BYTES) {
    const end = Math.min(start + STRIDE_BYTES, body.length);
    for (let at = start; at < end; at += 1) {
      const byte = body[at]!;
      if (byte === QUOTE) inString = !inString || escaped(body, at);
      else if (!inString && (byte === COMMA || byte === BRACKET || byte === BRACE)) values += 1;
    }
    if (values > most) {
      throw new RequestError('too_many_values', `the body holds more than ${most} values`, { limit: most });
    }
    await setImmediate();
  }
}

/** Whether the quote inside a string is part of it: an odd number of backslashes stands before it. */
function escaped(body: Buffer, at: number): boolean {
  let backslashes = 0;
  while (body[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
