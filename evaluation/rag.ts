import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Collection, EvaluationDocument } from './beir';
import { EvaluationError } from './errors';
import { Faults, readLines } from './lines';

/** Documents a RAG prompt holds: the published RAG figures of the model table were measured with 5 after reranking. */
export const RAG_CUTOFF = 5;

/**
 * Reads a retrieval set for RAG as a collection with binary judgements. Two formats:
 *
 * - LlamaIndex's `EmbeddingQAFinetuneDataset` as `save_json` writes it: one JSON object with `queries` (text by id),
 *   `corpus` (text by id) and `relevant_docs` (ids by query id);
 * - JSON lines of `{ "query": text, "expected_ids": [id, ...] }` (the arguments of LlamaIndex's
 *   `RetrieverEvaluator.evaluate`), with the documents in a file of lines `{ "_id" or "id", "text" }`.
 *
 * Hit rate and MRR are then LlamaIndex's: an expected id among the first k, and one over the rank of the first.
 * @param corpus file of documents, for the second format only.
 * @throws EvaluationError `collection_missing`, or `collection_invalid` naming what is malformed.
 */
export async function readRag(file: string, corpus?: string): Promise<Collection> {
  const collection = corpus === undefined ? await readDataset(file) : await readPairs(file, corpus);
  if (collection.qrels.size === 0) throw new EvaluationError('collection_invalid', `${file} has no queries`);
  return collection;
}

type Texts = Record<string, string>;

async function readDataset(file: string): Promise<Collection> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EvaluationError('collection_missing', `${file} cannot be read`, { file }, { cause });
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
  const faults: string[] = [];
  const record = (name: string): Record<string, unknown> => {
    const field = (value as Record<string, unknown> | null)?.[name];
    if (typeof field === 'object' && field !== null && !Array.isArray(field)) {
      return field as Record<string, unknown>;
    }
    faults.push(`"${name}" must be an object`);
    return {};
  };
  const texts = (name: string): Texts => {
    const found = record(name);
    for (const [id, text] of Object.entries(found)) {
      if (typeof text !== 'string') faults.push(`${name}.${id} must be a string`);
    }
    return found as Texts;
  };
  const queries = texts('queries');
  const corpus = texts('corpus');
  const qrels = new Map<string, Map<string, number>>();
  for (const [query, ids] of Object.entries(record('relevant_docs'))) {
    const fault = idsFault(ids, (id) => Object.hasOwn(corpus, id));
    if (!Object.hasOwn(queries, query)) faults.push(`relevant_docs names unknown query "${query}"`);
    else if (fault !== undefined) faults.push(`relevant_docs.${query} ${fault}`);
    else qrels.set(query, new Map((ids as string[]).map((id) => [id, 1])));
  }
  if (faults.length > 0) {
    throw new EvaluationError(
      'collection_invalid',
      `${file}: ${faults.length} faults: ${faults.slice(0, 5).join('; ')}`,
      { file, count: faults.length, faults: faults.slice(0, 100) },
    );
  }
  return {
    name: path.basename(file),
    documents: new Map(Object.entries(corpus).map(([id, text]) => [id, { id, text }])),
    queries: new Map(Object.entries(queries).filter(([id]) => qrels.has(id))),
    qrels,
    faults: [],
  };
}

/** What is wrong with a list of expected ids, if anything is. */
function idsFault(ids: unknown, known: (id: string) => boolean): string | undefined {
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => typeof id === 'string')) {
    return 'must be a list of at least one id';
  }
  const unknown = (ids as string[]).find((id) => !known(id));
  return unknown === undefined ? undefined : `names unknown document "${unknown}"`;
}

async function readPairs(file: string, corpus: string): Promise<Collection> {
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
  const qrels = new Map<string, Map<string, number>>();
  for await (const { value, number } of jsonLines(file, faults)) {
    const fault = idsFault(value.expected_ids, (id) => documents.has(id));
    if (typeof value.query !== 'string' || value.query.trim() === '') {
      faults.add(file, number, '"query" must be a non-empty string');
    } else if (fault !== undefined) faults.add(file, number, `"expected_ids" ${fault}`);
    else {
      // Lines have no ids of their own: their numbers are.
      queries.set(`${number}`, value.query);
      qrels.set(`${number}`, new Map((value.expected_ids as string[]).map((id) => [id, 1])));
    }
  }
  faults.throwIfAny('collection_invalid');
  return { name: path.basename(file), documents, queries, qrels, faults: [] };
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
