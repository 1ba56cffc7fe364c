import { readLines, type Fault } from './lines.js';

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
 * @param onFault takes malformed lines, which are then left out
 * @throws ModelError `config_invalid` naming file and line of malformed records and counting them.
 */
export function readTextRecords(file: string, onFault?: (fault: Fault) => void): AsyncGenerator<TextRecord> {
  return readLines(file, parseTextRecord, onFault);
}

function parseTextRecord(value: unknown): TextRecord | string {
  const { id, title = '', text } = (value ?? {}) as Partial<Record<keyof TextRecord, unknown>>;
  if (typeof id !== 'string' || typeof title !== 'string' || typeof text !== 'string' || id === '') {
    return 'must be an object with the strings "id" (not empty) and "text", and "title" where it has one';
  }
  return { id, title, text };
}

/** Letters and digits of a text, lower case, single spaces: equal for texts that differ only in layout. */
export function fingerprint(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
