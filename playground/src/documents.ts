import { NOT_ENCODED, decoderOf } from '../../cli/src/text-encoding.js';

/** A document of the page. */
export interface Doc {
  /** Of its file, else its place in the input; no other document has it. */
  readonly id: string;
  readonly text: string;
}

/** Documents that the page takes. */
const MOST = 10_000;
const MOST_BYTES = 50_000_000;
const TEXT_FIELDS = ['text', 'passage', 'content', 'body', 'document', 'page_content'];

/** Documents of a text: one a line. */
export function fromLines(text: string): Doc[] {
  return numbered(text.split(/\r?\n/));
}

/**
 * Text of a file in UTF-8 or UTF-16.
 * @throws Error for a file that is too large, or no text
 */
export async function textOfFile(file: File): Promise<string> {
  if (file.size > MOST_BYTES) {
    const megabytes = Math.round(file.size / 1e6).toLocaleString();
    throw new Error(
      `${file.name} has ${megabytes} MB; the page takes ${MOST_BYTES / 1e6}. Rank it with "npx reranker rerank --query … --top 10 ${file.name}"`,
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const decoder = decoderOf(bytes);
  if (typeof decoder === 'string') throw new Error(`${file.name} ${decoder}`);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error(`${file.name} ${NOT_ENCODED}`);
  }
}

/**
 * Documents of a file by its name: JSON lines (strings, or objects with a text), CSV (the column `text`, or the widest),
 * Markdown (paragraphs), and lines of anything else.
 * @throws Error that says which line is wrong
 */
export function fromFile(name: string, text: string): Doc[] {
  const kind = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  const docs =
    kind === 'jsonl' || kind === 'ndjson'
      ? fromJsonLines(name, text)
      : kind === 'csv'
        ? fromCsv(name, text)
        : kind === 'md' || kind === 'markdown'
          ? numbered(text.split(/\r?\n\s*\r?\n/))
          : fromLines(text);
  if (docs.length === 0) throw new Error(`${name} has no text`);
  if (docs.length > MOST) {
    throw new Error(
      `${name} has ${docs.length.toLocaleString()} documents; the page takes ${MOST.toLocaleString()}. Rank more with "npx reranker rerank --query … --top 10 ${name}"`,
    );
  }
  return docs;
}

/** Passages of one text may share its id: the second is ID#2. */
function withOwnIds(docs: readonly Doc[]): Doc[] {
  const seen = new Set<string>();
  return docs.map(({ id, text }) => {
    let own = id;
    for (let i = 2; seen.has(own); i += 1) own = `${id}#${i}`;
    seen.add(own);
    return { id: own, text };
  });
}

function numbered(texts: readonly string[]): Doc[] {
  return texts
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
    .map((text, i) => ({ id: String(i + 1), text }));
}

function fromJsonLines(name: string, content: string): Doc[] {
  const docs = content.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new Error(`${name}, line ${i + 1} is not JSON`);
    }
    const text = textOf(value);
    if (text === undefined) throw new Error(`${name}, line ${i + 1} has no "text"`);
    const id = (value as { _id?: unknown; id?: unknown })._id ?? (value as { id?: unknown }).id ?? i + 1;
    return [{ id: String(id), text }];
  });
  return withOwnIds(docs);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const text = TEXT_FIELDS.map((field) => fields[field]).find(
    (each): each is string => typeof each === 'string',
  );
  return text !== undefined && typeof fields.title === 'string' && fields.title !== ''
    ? `${fields.title}. ${text}`
    : text;
}

function fromCsv(name: string, content: string): Doc[] {
  const rows = csvRows(name, content).filter((row) => row.some((cell) => cell.trim() !== ''));
  const header = rows[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const named = header.findIndex((cell) => TEXT_FIELDS.includes(cell));
  const body = named >= 0 ? rows.slice(1) : rows;
  const width = (column: number): number => body.reduce((sum, row) => sum + (row[column]?.length ?? 0), 0);
  const widest = (body[0] ?? []).reduce((best, _, i) => (width(i) > width(best) ? i : best), 0);
  if (body.length === 0) throw new Error(`${name} has no rows`);
  return numbered(body.map((row) => row[named >= 0 ? named : widest] ?? ''));
}

/**
 * RFC 4180: quoted cells may hold commas, line breaks and doubled quotes.
 * @throws Error for a row that is none
 */
function csvRows(name: string, content: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/gy;
  for (let match = cells.exec(content); match; match = cells.exec(content)) {
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return rows;
    if (match[3] !== ',') rows.push([]);
  }
  throw new Error(`${name}, row ${rows.length}: a quoted cell is not closed, or text follows its quote`);
}
