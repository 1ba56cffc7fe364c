import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { UsageError, systemReason } from '@sagemaker-reranker/models';

/** A line or paragraph with the place it stands in. */
export interface Passage {
  readonly file: string;
  /** Line it starts on, from 1. */
  readonly line: number;
  readonly text: string;
}

/** What has been read of the input so far. */
export interface Meter {
  bytes: number;
}

const SNIFFED_BYTES = 8_192;
/** Text has lines; a longer one is something else, and would have to be held whole. */
const LONGEST_LINE = 10_000_000;

/** Files that are known by their first bytes, and how their text is had. */
const FORMATS: readonly (readonly [begins: string, advice: string])[] = [
  ['%PDF-', 'is a PDF: rank its text, as of "pdftotext FILE -"'],
  ['PK\u0003\u0004', 'is a ZIP archive or an Office document: save it as text first'],
  ['\u001f\u008b', 'is compressed: unpack it, as with "gzip -dc FILE"'],
  ['\u007fELF', 'is a program, not text'],
  ['\u0089PNG', 'is a picture, not text'],
  ['\u00ff\u00d8\u00ff', 'is a picture, not text'],
];

/** Bytes of all files, where none is standard input. */
export async function inputBytes(files: readonly string[]): Promise<number | undefined> {
  if (files.includes('-')) return undefined;
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * The passages of files in their order, read as they are asked for; `-` is standard input.
 * @throws UsageError for what cannot be read, and for what is no text in UTF-8 or UTF-16.
 */
export async function* readPassages(
  files: readonly string[],
  paragraphs: boolean,
  meter: Meter = { bytes: 0 },
): AsyncGenerator<Passage, void> {
  for (const name of files) {
    const file = name === '-' ? 'stdin' : name;
    let open: { line: number; texts: string[] } | undefined;
    for await (const { text, line } of readLines(name, file, meter)) {
      const blank = text.trim() === '';
      if (open && (blank || !paragraphs)) {
        yield { file, line: open.line, text: open.texts.join(' ') };
        open = undefined;
      }
      if (!blank) (open ??= { line, texts: [] }).texts.push(text.trim());
    }
    if (open) yield { file, line: open.line, text: open.texts.join(' ') };
  }
}

async function* readLines(
  name: string,
  file: string,
  meter: Meter,
): AsyncGenerator<{ text: string; line: number }> {
  let rest = '';
  let line = 0;
  for await (const piece of decoded(name, file, meter)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) {
      throw new UsageError(
        `${file}:${line + lines.length + 1} has over 10,000,000 characters in one line: is it text?`,
      );
    }
    for (const text of lines) yield { text, line: (line += 1) };
  }
  if (rest !== '') yield { text: rest, line: line + 1 };
}

async function* decoded(name: string, file: string, meter: Meter): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of (name === '-'
      ? process.stdin
      : createReadStream(name)) as AsyncIterable<Buffer>) {
      meter.bytes += chunk.length;
      if (decoder) yield decoder.decode(chunk, { stream: true });
      else {
        head = Buffer.concat([head, chunk]);
        if (head.length < SNIFFED_BYTES) continue;
        decoder = decoderOf(head, file);
        yield decoder.decode(head, { stream: true });
      }
    }
    // A short file has not been looked at yet; of others the end may lack a part of a character.
    yield decoder ? decoder.decode() : decoderOf(head, file).decode(head);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new UsageError(
        `${file} is no text in UTF-8 or UTF-16: convert it, as with "iconv -f latin1 -t utf-8"`,
      );
    }
    const isDirectory = (error as NodeJS.ErrnoException).code === 'EISDIR';
    const reason = isDirectory ? `it is a directory: name its files, as ${file}/*` : systemReason(error);
    throw new UsageError(`${file} cannot be read: ${reason}`);
  }
}

/** @throws UsageError when the first bytes are of no text. */
function decoderOf(head: Buffer, file: string): TextDecoder {
  const first = head.subarray(0, 16).toString('latin1');
  for (const [begins, advice] of FORMATS) {
    if (first.startsWith(begins)) throw new UsageError(`${file} ${advice}`);
  }
  const encoding = encodingOf(head.subarray(0, SNIFFED_BYTES));
  if (encoding) return new TextDecoder(encoding, { fatal: true });
  throw new UsageError(`${file} is binary: give text in UTF-8 or UTF-16`);
}

/** By the byte order mark, else by where the zero bytes of ASCII characters stand; undefined for other zero bytes. */
function encodingOf(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2]! += 1;
  const [even, odd] = zeros as [number, number];
  if (even + odd === 0) return 'utf-8';
  // Other than text, which has zero bytes in nearly every second place.
  if (Math.max(even, odd) < 0.3 * (head.length / 2) || Math.min(even, odd) > 0) return undefined;
  return odd > even ? 'utf-16le' : 'utf-16be';
}
