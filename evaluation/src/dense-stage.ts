import { fuseScores } from '@sagemaker-reranker/client';
import type { Collection } from './collection.js';
import { RUN_DEPTH, type FirstStage } from './first-stage.js';
import type { Run, ScoredDocument } from './metrics.js';

/** Unit vectors of some texts, row-major [texts, width]. */
export interface Vectors {
  readonly all: Float32Array;
  readonly width: number;
}

/** What makes vectors of texts. */
export interface DenseEncoder {
  readonly name: string;
  /** How it pools, and what it puts before a text. */
  readonly description: string;
  encode(texts: readonly string[], role: 'query' | 'document'): Promise<Vectors>;
}

/** Dense retrieval: the documents whose vectors have the largest cosine with the query's, all of them compared. */
export async function denseFirstStage(collection: Collection, encoder: DenseEncoder): Promise<FirstStage> {
  const ids = [...collection.documents.keys()];
  const documents = await encoder.encode(
    [...collection.documents.values()].map(({ text }) => text),
    'document',
  );
  const queries = await encoder.encode([...collection.queries.values()], 'query');
  const run = new Map(
    [...collection.queries.keys()].map((query, i) => {
      const scores = cosines(documents, queries.all.subarray(i * queries.width, (i + 1) * queries.width));
      return [query, best(scores, RUN_DEPTH).map((at) => ({ id: ids[at]!, score: scores[at]! }))];
    }),
  );
  return { name: encoder.name, description: encoder.description, run };
}

/**
 * Two first stages as one: the sum of their z-scores over the documents that either finds, with equal weights. A document that
 * one of them does not find has the lowest score it gives.
 */
export function fusedFirstStage(first: FirstStage, second: FirstStage): FirstStage {
  const queries = new Set([...first.run.keys(), ...second.run.keys()]);
  const run: Run = new Map(
    [...queries].map((query) => {
      const lists = [first, second].map((stage) => stage.run.get(query) ?? []);
      const ids = [...new Set(lists.flat().map(({ id }) => id))];
      const [a, b] = lists.map((list) => scoresOf(ids, list));
      const fused = fuseScores(a!, b!);
      return [query, ids.map((id, i): ScoredDocument => ({ id, score: fused[i]! }))];
    }),
  );
  return {
    name: `${first.name} + ${second.name}`,
    description: `0.5 z(${first.name}) + 0.5 z(${second.name}), z-scores over the documents that either finds`,
    run,
    faults: [...(first.faults ?? []), ...(second.faults ?? [])],
  };
}

function scoresOf(ids: readonly string[], list: readonly ScoredDocument[]): number[] {
  const scores = new Map(list.map(({ id, score }) => [id, score]));
  const lowest = list.reduce((least, { score }) => Math.min(least, score), list[0]?.score ?? 0);
  return ids.map((id) => scores.get(id) ?? lowest);
}

function cosines({ all, width }: Vectors, query: Float32Array): Float32Array {
  const scores = new Float32Array(all.length / width);
  for (let i = 0; i < scores.length; i += 1) {
    let sum = 0;
    for (let k = 0, at = i * width; k < width; k += 1, at += 1) sum += all[at]! * query[k]!;
    scores[i] = sum;
  }
  return scores;
}

/** Places of the largest values, falling. */
function best(scores: Float32Array, count: number): number[] {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order.slice(0, count);
}
