import { isBlank } from '../engine/index.js';
import { RequestError } from '../errors.js';
import { kindOf } from './faults.js';
import type { Fields } from './text.js';

const COLUMNS = ['id', 'query', 'documents', 'top_n'];
const [NEWLINE, RETURN, QUOTE, COMMA, BACKSLASH] = [0x0a, 0x0d, 0x22, 0x2c, 0x5c];

/**
 * The rows of a CSV body, one after the other, as {@link decodeRow} reads them. A newline ends a row unless it stands in
 * a field in double quotes or behind a backslash in a bare one; a carriage return before it belongs to it. A quoted field
 * that is never closed, or closed in the middle of a field, ends with its line: it loses its own row and no other.
 */
export function* rowsOf(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length;) {
    const end = endOfRow(body, start);
    yield body.subarray(start, end > start && body[end - 1] === RETURN ? end - 1 : end);
    start = end + 1;
  }
}

/** Position of the newline after the row that starts there, or the end of the body. */
function endOfRow(body: Buffer, start: number): number {
  let at = start;
  for (;;) {
    if (body[at] === QUOTE) {
      at = behindQuoted(body, at);
      if (!endsField(body, at)) return endOfLine(body, start);
    } else {
      while (at < body.length && body[at] !== COMMA && body[at] !== NEWLINE) {
        at += body[at] === BACKSLASH ? 2 : 1;
      }
    }
    if (body[at] === RETURN) at += 1;
    if (at >= body.length || body[at] === NEWLINE) return Math.min(at, body.length);
    at += 1;
  }
}

/** Position behind the closing quote; NaN where there is none. */
function behindQuoted(body: Buffer, start: number): number {
  for (let at = start + 1; ;) {
    const quote = body.indexOf(QUOTE, at);
    if (quote < 0) return NaN;
    if (body[quote + 1] !== QUOTE) return quote + 1;
    at = quote + 2;
  }
}

function endsField(body: Buffer, at: number): boolean {
  const next = body[at] === RETURN ? body[at + 1] : body[at];
  return at === body.length || next === COMMA || next === NEWLINE;
}

function endOfLine(body: Buffer, start: number): number {
  const found = body.indexOf(NEWLINE, start);
  return found < 0 ? body.length : found;
}

/**
 * A row `id,query,documents[,top_n]` of the CSV that `jina-sagemaker` sends in batch transform, as the `data` of the
 * same package's JSON. `documents` is a JSON array. In a bare field a backslash makes the next character plain, comma
 * and quote above all; in a field in double quotes only a doubled quote is special (RFC 4180).
 * Either may hold newlines.
 * @throws RequestError `invalid_request` with the column in `details.path`.
 */
export function decodeRow(line: string): Fields {
  const cells = splitRow(line);
  if (cells.length < 3 || cells.length > COLUMNS.length) {
    const message = `the row has ${counted(cells)}; it must have ${COLUMNS.join(', ')}, the last at will`;
    throw fault('', message, cells.length > 1 ? { id: cells[0] } : {});
  }
  const [id, query, documents, topN = ''] = cells as [string, string, string, string?];
  let parsed: unknown;
  try {
    parsed = JSON.parse(documents);
  } catch {
    throw fault('documents', 'documents is not valid JSON; it must be a JSON array', { id });
  }
  if (!Array.isArray(parsed)) {
    throw fault('documents', `documents is ${kindOf(parsed)}; it must be a JSON array`, { id });
  }
  const count = topN.trim();
  if (count !== '' && !/^\d+$/.test(count)) throw fault('top_n', 'top_n is not a whole number', { id });
  return { data: { id, query, documents: parsed, ...(count !== '' && { top_n: Number(count) }) } };
}

/**
 * A row `query,document`, as SQL engines send the arguments of a function of two.
 * @throws RequestError `invalid_request`.
 */
export function decodePair(line: string): { readonly query: string; readonly document: string } {
  const cells = splitRow(line);
  if (cells.length !== 2) {
    throw fault('', `the row has ${counted(cells)}; it must have query, document as the first has`);
  }
  const [query, document] = cells as [string, string];
  if (isBlank(query)) throw fault('query', 'query is empty; it must hold text');
  return { query, document };
}

/** Whether a row has the two columns of a pair. */
export function isPairRow(line: string): boolean {
  try {
    return splitRow(line).length === 2;
  } catch {
    return false;
  }
}

/** A text as a field of a CSV row (RFC 4180). */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? '1 column' : `${length} columns`;
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
  const special = /[,\\]/g;
  let text = '';
  for (let from = start; ;) {
    special.lastIndex = from;
    const at = special.exec(line)?.index ?? line.length;
    text += line.slice(from, at);
    if (line[at] !== '\\') return { text, end: at };
    // A backslash at the very end stands for itself.
    text += line[at + 1] ?? '\\';
    from = at + 2;
  }
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

function fault(path: string, message: string, row: { readonly id?: string } = {}): RequestError {
  return new RequestError('invalid_request', message, { path, ...row });
}
