import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type LineFault, ModelError, describeFaults, replaceFile } from '@sagemaker-reranker/models';

export type Fault = LineFault;

/**
 * Parses a file of JSON lines, without holding it; empty lines are passed over.
 * @param parse the value, or the sentence that says what is wrong with it
 * @param onFault takes malformed lines, which are then left out; without it they are all collected into one error
 * @throws ModelError `config_invalid` with the number of malformed lines and the first of them by file and line, when the
 * file has been read to its end; or when it cannot be read.
 */
export async function* readLines<T>(
  file: string,
  parse: (value: unknown) => T | string,
  onFault?: (fault: Fault) => void,
): AsyncGenerator<Exclude<T, string>> {
  const faults: Fault[] = [];
  let line = 0;
  const stream = createReadStream(file);
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
      line++;
      if (text.trim() === '') continue;
      const result = parseLine(text, parse);
      if (typeof result !== 'string') yield result as Exclude<T, string>;
      else if (onFault) onFault({ file, line, reason: result });
      else faults.push({ file, line, reason: result });
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new ModelError('config_invalid', `${file} cannot be read: ${(cause as Error).message}`, file, {
      cause,
    });
  } finally {
    stream.destroy();
  }
  if (faults.length > 0) throw new ModelError('config_invalid', describeFaults(faults), file);
}

function parseLine<T>(text: string, parse: (value: unknown) => T | string): T | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is not JSON: ${(error as Error).message}`;
  }
  return parse(value);
}

/**
 * Streams values to a file of JSON lines, which appears when it is complete.
 * @returns the number of lines
 * @throws ModelError `disk_full`; the unfinished file is removed.
 */
export async function writeLines(
  values: AsyncIterable<object> | Iterable<object>,
  file: string,
): Promise<number> {
  let lines = 0;
  async function* encoded(): AsyncGenerator<string> {
    for await (const value of values) {
      lines++;
      yield `${JSON.stringify(value)}\n`;
    }
  }
  const write = (part: string): Promise<void> => pipeline(Readable.from(encoded()), createWriteStream(part));
  await replaceFile(file, write, `${file}.part`).catch((error: unknown) => {
    throw storageError(error, file);
  });
  return lines;
}

/** An error of the file system that says the disk is full, as a ModelError; any other as it is. */
export function storageError(error: unknown, file: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error;
  const advice = 'make room and start again: what was finished is kept and not done again';
  return new ModelError('disk_full', `${file} cannot be written (${message}): ${advice}`, file, {
    cause: error,
  });
}

/**
 * Lines of whole chunks in a file that is appended to; what an interruption left after them is cut off.
 * @returns the number of lines kept, a multiple of `chunk`; 0 where there is no file
 */
export async function keepWholeChunks(file: string, chunk: number): Promise<number> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  let lines = 0;
  let end = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    lines++;
    if (lines % chunk === 0) end = at + 1;
  }
  if (end < bytes.length) await truncate(file, end);
  return lines - (lines % chunk);
}
