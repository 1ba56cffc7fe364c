import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { assemble, type Collection, type EvaluationDocument, type ReadOptions } from './collection.js';
import { EvaluationError } from './errors.js';
import { Faults, readLines } from './lines.js';

/** Documents a RAG prompt holds: the published RAG figures of the model table were measured with 5 after reranking. */
export const RAG_CUTOFF = 5;

export interface RagOptions extends ReadOptions {
  /** File of documents, for lines of query and expected ids. */
  readonly corpus?: string;
}

/**
 * Reads a retrieval set for RAG as a collection with binary judgements. Two formats:
 *
 * - LlamaIndex's `EmbeddingQAFinetuneDataset` as `save_json` writes it: one JSON object with `queries` (text by id),
 *   `corpus` (text by id) and `relevant_docs` (ids by query id);
 * - JSON lines of `{ "query": text, "expected_ids": [id, ...] }` (the arguments of LlamaIndex's
 *   `RetrieverEvaluator.evaluate`), with the documents in a file of lines `{ "_id" or "id", "text" }`.
 *
 * Hit rate and MRR are then LlamaIndex's (`llama_index.core.evaluation.retrieval.metrics`, not granular): whether an
 * expected id is among the k retrieved, and one over the rank of the first that is.
 * @throws EvaluationError `collection_missing`, or `collection_invalid` naming what is malformed.
 */
export async function readRag(file: string, options: RagOptions = {}): Promise<Collection> {
  const { corpus } = options;
  return corpus === undefined ? readDataset(file, options) : readPairs(file, corpus, options);
}

type Entries = ReadonlyMap<string, unknown>;

async function readDataset(file: string, options: RagOptions): Promise<Collection> {
  const content = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `${file} cannot be read: ${cause.code}`;
    throw new EvaluationError('collection_missing', message, { file }, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new EvaluationError(
      'collection_invalid',
      `${file} is not one JSON object (${(cause as Error).message}); lines of query and expected_ids need a corpus file`,
      { file },
      { cause },
    );
  }
  const [queries, corpus, relevant] = ['queries', 'corpus', 'relevant_docs'].map((name) =>
    entriesOf(file, value, name),
  );
  const faults = new Faults();
  const texts = (name: string, entries: Entries): Map<string, string> => {
    for (const [id, text] of entries) {
      if (typeof text !== 'string') faults.add(file, undefined, `${name}.${id} must be a string`);
    }
    return new Map([...entries].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  };
  const queryTexts = texts('queries', queries!);
  const documentTexts = texts('corpus', corpus!);
  const qrels = new Map<string, ReadonlyMap<string, number>>();
  for (const [query, ids] of relevant!) {
    const fault = idsFault(ids, documentTexts);
    if (!queryTexts.has(query)) faults.add(file, undefined, `relevant_docs names unknown query "${query}"`);
    else if (fault !== undefined) faults.add(file, undefined, `relevant_docs.${query} ${fault}`);
    else qrels.set(query, judgedRelevant(ids as string[]));
  }
  const documents = new Map([...documentTexts].map(([id, text]) => [id, { id, text }]));
  return assemble(
    { name: path.basename(file), documents, queries: queryTexts, qrels },
    file,
    faults,
    options,
  );
}

/** The members of a field that must be an object. */
function entriesOf(file: string, value: unknown, name: string): Entries {
  const field = (value as Readonly<Record<string, unknown>> | null)?.[name];
  if (typeof field === 'object' && field !== null && !Array.isArray(field)) {
    return new Map(Object.entries(field));
  }
  throw new EvaluationError(
    'collection_invalid',
    `${file}: "${name}" must be an object; a dataset has queries, corpus and relevant_docs`,
    { file },
  );
}

/** What is wrong with a list of expected ids, if anything is. */
function idsFault(ids: unknown, known: ReadonlyMap<string, unknown>): string | undefined {
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => typeof id === 'string')) {
    return 'must be a list of at least one id';
  }
  const unknown = ids.find((id) => !known.has(id));
  return unknown === undefined ? undefined : `names unknown document "${unknown}"`;
}

const judgedRelevant = (ids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(ids.map((id) => [id, 1]));

async function readPairs(file: string, corpus: string, options: RagOptions): Promise<Collection> {
  const faults = new Faults();
  const documents = new Map<string, EvaluationDocument>();
  for await (const { value, number } of jsonLines(corpus, faults)) {
    const id = value._id ?? value.id;
    if (typeof id !== 'string' || typeof value.text !== 'string') {
      faults.add(corpus, number, 'must hold the strings "_id" (or "id") and "text"');
    } else if (documents.has(id)) faults.add(corpus, number, `document "${id}" is there twice`);
    else documents.set(id, { id, text: value.text });
  }
  const queries = new Map<string, string>();
  const qrels = new Map<string, ReadonlyMap<string, number>>();
  for await (const { value, number } of jsonLines(file, faults)) {
    const fault = idsFault(value.expected_ids, documents);
    if (typeof value.query !== 'string' || value.query.trim() === '') {
      faults.add(file, number, '"query" must be a non-empty string');
    } else if (fault !== undefined) faults.add(file, number, `"expected_ids" ${fault}`);
    else {
      // Lines have no ids of their own: their numbers are.
      queries.set(`${number}`, value.query);
      qrels.set(`${number}`, judgedRelevant(value.expected_ids as string[]));
    }
  }
  if (documents.size === 0 && faults.list.length === 0) {
    throw new EvaluationError('collection_invalid', `${corpus} has no documents`);
  }
  return assemble({ name: path.basename(file), documents, queries, qrels }, file, faults, options);
}

async function* jsonLines(
  file: string,
  faults: Faults,
): AsyncGenerator<{ value: Record<string, unknown>; number: number }> {
  for await (const { line, number } of readLines(file)) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      faults.add(file, number, `not JSON: ${(error as Error).message}`);
      continue;
    }
    if (typeof value === 'object' && value !== null)
      yield { value: value as Record<string, unknown>, number };
    else faults.add(file, number, 'must be an object');
  }
}
