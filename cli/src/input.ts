import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UsageError, systemReason } from '@sagemaker-reranker/models';
import { type Decoder, NOT_ENCODED, SNIFFED_BYTES, decoderOf } from './text-encoding.js';

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

/** Text has lines; a longer one is something else, and would have to be held whole. */
const LONGEST_LINE = 10_000_000;

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
  let decoder: Decoder | undefined;
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
        decoder = decoderOfFile(head, file);
        yield decoder.decode(head, { stream: true });
      }
    }
    // A short file has not been looked at yet; of others the end may lack a part of a character.
    yield decoder ? decoder.decode() : decoderOfFile(head, file).decode(head);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new UsageError(`${file} ${NOT_ENCODED}`);
    }
    const isDirectory = (error as NodeJS.ErrnoException).code === 'EISDIR';
    const reason = isDirectory ? `it is a directory: name its files, as ${file}/*` : systemReason(error);
    throw new UsageError(`${file} cannot be read: ${reason}`);
  }
}

/** @throws UsageError when the first bytes are of no text. */
function decoderOfFile(head: Buffer, file: string): Decoder {
  const decoder = decoderOf(head);
  if (typeof decoder === 'string') throw new UsageError(`${file} ${decoder}`);
  return decoder;
}
