import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { assemble, type Collection, type EvaluationDocument, type ReadOptions } from './collection.js';
import { EvaluationError } from './errors.js';
import { Faults, readLines } from './lines.js';
import type { Qrels } from './metrics.js';

export interface BeirOptions extends ReadOptions {
  /** File of `qrels/` without `.tsv`; `test` unless there is only one. */
  readonly split?: string;
}

/**
 * Reads a collection in BEIR's layout: `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`),
 * `qrels/SPLIT.tsv` (`query-id`, `corpus-id`, `score`, with a header line).
 * @throws EvaluationError `collection_missing`, or `collection_invalid` naming file and line of what is malformed,
 * repeated or refers to unknown ids, with their count.
 */
export async function readBeir(directory: string, options: BeirOptions = {}): Promise<Collection> {
  const corpus = await existing(directory, 'corpus.jsonl');
  const queryFile = await existing(directory, 'queries.jsonl');
  const judgements = await qrelsFile(directory, options.split);
  const faults = new Faults();
  const documents = new Map<string, EvaluationDocument>();
  for await (const { id, title, text } of records(corpus, faults, documents)) {
    documents.set(id, { id, text: `${title} ${text}`.trim() });
  }
  requireLines(corpus, 'documents', documents, faults);
  const queries = new Map<string, string>();
  for await (const { id, text } of records(queryFile, faults, queries)) queries.set(id, text);
  requireLines(queryFile, 'queries', queries, faults);
  const qrels = await readQrels(judgements, queries, documents, faults);
  const name = path.basename(path.resolve(directory));
  return assemble({ name, documents, queries, qrels }, directory, faults, options);
}

async function existing(directory: string, relative: string): Promise<string> {
  const file = path.join(directory, relative);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return file;
  throw new EvaluationError(
    'collection_missing',
    `${file} is missing: a BEIR directory holds corpus.jsonl, queries.jsonl and qrels/*.tsv`,
    { file },
  );
}

async function qrelsFile(directory: string, split: string | undefined): Promise<string> {
  const folder = path.join(directory, 'qrels');
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.tsv'))
    .map((name) => name.slice(0, -'.tsv'.length))
    .sort();
  const chosen = split ?? (names.length === 1 ? names[0] : 'test');
  if (names.includes(chosen!)) return path.join(folder, `${chosen}.tsv`);
  throw new EvaluationError(
    'collection_missing',
    `${path.join(folder, `${chosen}.tsv`)} is missing; there: ${names.join(', ') || 'no .tsv file'}`,
    { splits: names },
  );
}

/** An empty file is told as that, not by every judgement that names what it lacks. */
function requireLines(file: string, what: string, found: ReadonlyMap<string, unknown>, faults: Faults): void {
  if (found.size > 0 || faults.list.some((fault) => fault.file === file)) return;
  throw new EvaluationError('collection_invalid', `${file} has no ${what}`, { file });
}

async function* records(
  file: string,
  faults: Faults,
  seen: ReadonlyMap<string, unknown>,
): AsyncGenerator<{ id: string; title: string; text: string }> {
  for await (const { line, number } of readLines(file)) {
    let value: { _id?: unknown; title?: unknown; text?: unknown } | null;
    try {
      value = JSON.parse(line) as typeof value;
    } catch (error) {
      faults.add(file, number, `not JSON: ${(error as Error).message}`);
      continue;
    }
    const { _id: id, title = '', text } = value ?? {};
    if (typeof id !== 'string' || id === '') faults.add(file, number, '"_id" must be a non-empty string');
    else if (typeof text !== 'string') faults.add(file, number, '"text" must be a string');
    else if (typeof title !== 'string') faults.add(file, number, '"title" must be a string');
    else if (seen.has(id)) faults.add(file, number, `"_id" "${id}" is there twice`);
    else yield { id, title, text };
  }
}

async function readQrels(
  file: string,
  queries: ReadonlyMap<string, unknown>,
  documents: ReadonlyMap<string, unknown>,
  faults: Faults,
): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { line, number } of readLines(file)) {
    const fields = line.split('\t').map((field) => field.trim());
    const [query, document, grade] = fields;
    if (number === 1 && !/^-?\d+$/.test(grade ?? '')) {
      if (fields.length === 3) continue;
    }
    if (fields.length !== 3 || !/^-?\d+$/.test(grade!)) {
      faults.add(file, number, 'must be query id, document id and an integer grade, separated by tabs');
    } else if (!queries.has(query!)) faults.add(file, number, `unknown query "${query}"`);
    else if (!documents.has(document!)) faults.add(file, number, `unknown document "${document}"`);
    else if (qrels.get(query!)?.has(document!))
      faults.add(file, number, `"${query}" and "${document}" judged twice`);
    else {
      const judged = qrels.get(query!) ?? new Map<string, number>();
      qrels.set(query!, judged.set(document!, Number(grade)));
    }
  }
  return qrels;
}
