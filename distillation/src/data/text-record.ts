import type { Random } from '@sagemaker-reranker/models';
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

/** Most records that are joined to one. */
const MOST_JOINED = 2;

/**
 * Joins records of a page, whose ids are alike up to the last `#`: documents as long as a page's sections together. Each text
 * stays a paragraph of its own; the title is that of the first.
 * @param share of the records that some of those behind them are joined to, 1 or `MOST_JOINED`, where the page has as many
 */
export async function* joinRecords(
  records: AsyncIterable<TextRecord>,
  share: number,
  random: Random,
): AsyncGenerator<TextRecord> {
  let last: TextRecord | undefined;
  let wanted = 0;
  for await (const record of records) {
    if (last && wanted > 0 && pageOf(record.id) === pageOf(last.id)) {
      last = { ...last, text: `${last.text}\n${record.text}` };
      wanted -= 1;
      continue;
    }
    if (last) yield last;
    last = record;
    wanted = pageOf(record.id) !== undefined && random.next() < share ? 1 + random.below(MOST_JOINED) : 0;
  }
  if (last) yield last;
}

const pageOf = (id: string): string | undefined => /^(.+)#[^#]*$/.exec(id)?.[1];

/** Letters and digits of a text, lower case, single spaces: equal for texts that differ only in layout. */
export function fingerprint(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
