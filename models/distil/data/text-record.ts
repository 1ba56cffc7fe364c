import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ModelError } from '../../errors';

/** One text a training pair can be cut from: a document with an optional title. */
export interface TextRecord {
  /** Unique within its file; prefixed by the source when files are joined. */
  readonly id: string;
  /** Synopsis, headword or heading; empty when the source has none. */
  readonly title: string;
  /** Prose; paragraphs are separated by one line feed. */
  readonly text: string;
}

/**
 * Reads text records, one JSON object a line, without holding the file.
 * @throws ModelError `config_invalid` naming file and line of the first malformed record.
 */
export async function* readTextRecords(file: string): AsyncGenerator<TextRecord> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield parseTextRecord(line, file, number);
  }
}

function parseTextRecord(line: string, file: string, number: number): TextRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new ModelError(
      'config_invalid',
      `${file}:${number} is not JSON: ${(cause as Error).message}`,
      file,
      {
        cause,
      },
    );
  }
  const record = value as Partial<TextRecord> | null;
  if (
    typeof record?.id !== 'string' ||
    typeof record.title !== 'string' ||
    typeof record.text !== 'string' ||
    record.id === ''
  ) {
    throw new ModelError(
      'config_invalid',
      `${file}:${number} must be an object with the strings "id" (not empty), "title" and "text"`,
      file,
    );
  }
  return { id: record.id, title: record.title, text: record.text };
}

/** Letters and digits of a text, lower case, single spaces: equal for texts that differ only in layout. */
export function fingerprint(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
