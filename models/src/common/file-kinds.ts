import { ModelError, type ModelErrorCode } from '../errors.js';

/** Git LFS pointers are shorter than this, and an HTML page tells itself sooner. */
const BEGINNING = 64;

/** What a file is whose beginning tells that it is not what its name says, and what to do about it. */
export function mistakenFor(beginning: Uint8Array): string | undefined {
  if (beginning.length === 0) return 'it is empty';
  const [first, second] = beginning;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return 'it is UTF-16; save it as UTF-8';
  }
  const text = Buffer.from(beginning.subarray(0, BEGINNING)).toString('latin1').trimStart().toLowerCase();
  if (text.startsWith('version https://git-lfs')) {
    return 'it is a Git LFS pointer, which stands for the file: `git lfs pull` gets the file itself';
  }
  if (/^<(!doctype|html|\?xml|head|body|!--)/.test(text)) {
    return 'it is a web page: what a proxy or a sign-in answers in the place of a file';
  }
  return undefined;
}

/** Text without the byte order mark that some editors put before it. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * The value of a JSON file, as `parseJson`.
 * @throws ModelError `code` for what is not JSON.
 */
export function jsonOf(content: Uint8Array | string, file: string, code: ModelErrorCode): unknown {
  try {
    return parseJson(content);
  } catch (cause) {
    throw new ModelError(code, `${file} is not JSON: ${(cause as Error).message}`, file, { cause });
  }
}

/**
 * The value of a JSON text, with or without a byte order mark.
 * @throws SyntaxError, in one line.
 */
export function parseJson(content: Uint8Array | string): unknown {
  const bytes = Buffer.from(content as Uint8Array);
  const other = mistakenFor(bytes);
  if (other !== undefined) throw new SyntaxError(other);
  const text = withoutMark(bytes.toString('utf8'));
  if (text.trim() === '') throw new SyntaxError('it is empty');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // The message quotes the text.
    const message = (cause as Error).message.replace(/[\s\p{Cc}]+/gu, ' ');
    throw new SyntaxError(message, { cause });
  }
}
