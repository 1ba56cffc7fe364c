import { Bm25Index, describeBm25, type Bm25Options } from './bm25.js';
import type { Collection } from './collection.js';
import { EvaluationError } from './errors.js';
import type { Fault } from './lines.js';
import type { Run } from './metrics.js';
import { readTrecRun, type TrecOptions } from './trec.js';

/** What finds the documents that are reranked. */
export interface FirstStage {
  readonly name: string;
  /** How the run came about: parameters, or the file it was read from. */
  readonly description?: string;
  readonly run: Run;
  /** Lines of a run file that were left out. */
  readonly faults?: readonly Fault[];
}

/** Documents a query in a run made here: MAP sees as many, however few are reranked (trec_eval's usual depth). */
export const RUN_DEPTH = 1000;

/** BM25 over a collection's own documents. */
export async function bm25FirstStage(collection: Collection, options: Bm25Options = {}): Promise<FirstStage> {
  const index = await Bm25Index.create(collection.documents.values(), options);
  return {
    name: 'BM25',
    description: describeBm25(options),
    run: index.run(collection.queries, RUN_DEPTH),
  };
}

/**
 * A given TREC run over a collection.
 * @throws EvaluationError `run_invalid` naming file and line of what is malformed or names unknown documents, and when
 * no line is about a query of the collection.
 */
export async function trecFirstStage(
  file: string,
  collection: Collection,
  options: Omit<TrecOptions, 'collection'> = {},
): Promise<FirstStage> {
  const { run, tag, faults } = await readTrecRun(file, { ...options, collection });
  if (![...run.keys()].some((query) => collection.queries.has(query))) {
    throw new EvaluationError(
      'run_invalid',
      `${file} has none of the ${collection.queries.size} judged queries of ${collection.name}; its first query is "${[...run.keys()][0]}"`,
      { file },
    );
  }
  return { name: tag, description: `the run in ${file}`, run, faults };
}
