import { RequestError } from '../errors';
import { kindOf, type Fields } from './fields';

const COLUMNS = ['id', 'query', 'documents', 'top_n'];

/**
 * A row `id,query,documents[,top_n]` of the CSV that `jina-sagemaker` sends in batch transform, as the `data` of the
 * same package's JSON. `documents` is a JSON array. In a bare field a backslash makes the next character plain, comma
 * and quote above all; in a field in double quotes only a doubled quote is special (RFC 4180).
 * @throws RequestError `invalid_request` with the column in `details.path`.
 */
export function decodeRow(line: string): Fields {
  const cells = splitRow(line);
  if (cells.length < 3 || cells.length > COLUMNS.length) {
    throw fault(
      '',
      `the row has ${cells.length} columns; it must have ${COLUMNS.join(', ')}, the last at will`,
    );
  }
  const [id, query, documents, topN = ''] = cells as [string, string, string, string?];
  let parsed: unknown;
  try {
    parsed = JSON.parse(documents);
  } catch {
    throw fault('documents', 'documents is not valid JSON; it must be a JSON array');
  }
  if (!Array.isArray(parsed))
    throw fault('documents', `documents is ${kindOf(parsed)}; it must be a JSON array`);
  const count = topN.trim();
  if (count !== '' && !/^\d+$/.test(count)) throw fault('top_n', 'top_n is not a whole number');
  return { data: { id, query, documents: parsed, ...(count !== '' && { top_n: Number(count) }) } };
}

function splitRow(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length;) {
    const cell = line[at] === '"' ? quotedCell(line, at) : bareCell(line, at);
    cells.push(cell.text);
    at = cell.end + 1;
  }
  return cells;
}

interface Cell {
  readonly text: string;
  /** Position of the comma after it, or the end of the row. */
  readonly end: number;
}

function bareCell(line: string, start: number): Cell {
  let text = '';
  let at = start;
  for (; at < line.length && line[at] !== ','; at += 1) {
    if (line[at] === '\\' && at + 1 < line.length) at += 1;
    text += line[at]!;
  }
  return { text, end: at };
}

function quotedCell(line: string, start: number): Cell {
  let text = '';
  for (let at = start + 1; at < line.length;) {
    const quote = line.indexOf('"', at);
    if (quote < 0) break;
    text += line.slice(at, quote);
    if (line[quote + 1] === '"') {
      text += '"';
      at = quote + 2;
      continue;
    }
    if (quote + 1 < line.length && line[quote + 1] !== ',') {
      throw fault('', 'the row has text after a quoted field where a comma must follow');
    }
    return { text, end: quote + 1 };
  }
  throw fault('', 'the row has a quoted field without its closing quote');
}

function fault(path: string, message: string): RequestError {
  return new RequestError('invalid_request', message, { path });
}
