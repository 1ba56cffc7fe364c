/** A document of the page: its place in the input is its identity. */
export interface Doc {
  readonly id: string;
  readonly text: string;
}

const TEXT_FIELDS = ['text', 'passage', 'content', 'body', 'document', 'page_content'];

/** Documents of a text: one a line. */
export function fromLines(text: string): Doc[] {
  return numbered(text.split(/\r?\n/));
}

/**
 * Documents of a file by its name: JSON lines (strings, or objects with a text), CSV (the column `text`, or the widest),
 * Markdown (paragraphs), and lines of anything else.
 * @throws Error that says which line is wrong
 */
export function fromFile(name: string, content: string): Doc[] {
  const text = content.replace(/^\uFEFF/, '');
  if (text.includes('\u0000')) throw new Error(`${name} is binary: drop a text file (txt, md, jsonl, csv)`);
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
  return docs;
}

function numbered(texts: readonly string[]): Doc[] {
  return texts
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
    .map((text, i) => ({ id: String(i + 1), text }));
}

function fromJsonLines(name: string, content: string): Doc[] {
  return content.split(/\r?\n/).flatMap((line, i) => {
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
  const rows = csvRows(content).filter((row) => row.some((cell) => cell.trim() !== ''));
  const header = rows[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const named = header.findIndex((cell) => TEXT_FIELDS.includes(cell));
  const body = named >= 0 ? rows.slice(1) : rows;
  const width = (column: number): number => body.reduce((sum, row) => sum + (row[column]?.length ?? 0), 0);
  const widest = (body[0] ?? []).reduce((best, _, i) => (width(i) > width(best) ? i : best), 0);
  if (body.length === 0) throw new Error(`${name} has no rows`);
  return numbered(body.map((row) => row[named >= 0 ? named : widest] ?? ''));
}

/** RFC 4180: quoted cells may hold commas, line breaks and doubled quotes. */
function csvRows(content: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/gy;
  for (let match = cells.exec(content); match; match = cells.exec(content)) {
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') break;
    if (match[3] !== ',') rows.push([]);
  }
  return rows;
}
