import { fuseScores } from '../../client/src/fusion.js';
import { ndcg, reciprocalRank } from '../../evaluation/src/metrics.js';
import type { Doc } from './documents.js';

/** A document in one order. */
export interface Placed {
  readonly doc: Doc;
  /** Score that is drawn: BM25's, or the sigmoid of the model's logit. */
  readonly score: number;
  /** Length of its bar, 0..1. */
  readonly share: number;
}

/** An order of the candidates, best first. */
export interface Order {
  readonly name: string;
  readonly placed: readonly Placed[];
  /** Place of each document, from 1. */
  readonly places: ReadonlyMap<Doc, number>;
}

/** The best `topK` of the first stage; documents without a word of the query come last, in the order of the input. */
export function candidatesOf(
  documents: readonly Doc[],
  bm25: Float64Array,
  topK: number,
): { doc: Doc; bm25: number }[] {
  return documents
    .map((doc, i) => ({ doc, bm25: bm25[i] ?? 0 }))
    .sort((a, b) => b.bm25 - a.bm25)
    .slice(0, topK);
}

export function firstOrder(candidates: readonly { readonly doc: Doc; readonly bm25: number }[]): Order {
  const most = Math.max(...candidates.map(({ bm25 }) => bm25), 1e-9);
  return order(
    'BM25',
    candidates.map(({ doc, bm25 }) => ({ doc, score: bm25, share: bm25 / most })),
  );
}

/** The fusion of BM25 and a model by z-scores; at weight 1 the model's own order. */
export function fusedOrder(
  name: string,
  candidates: readonly { readonly doc: Doc; readonly bm25: number }[],
  logits: Float64Array,
  weight: number,
): Order {
  const fused = fuseScores(
    candidates.map(({ bm25 }) => bm25),
    Array.from(logits),
    { weight },
  );
  const placed = candidates
    .map(({ doc }, i) => ({
      doc,
      score: sigmoid(logits[i]!),
      share: sigmoid(logits[i]!),
      fused: fused[i]!,
      i,
    }))
    .sort((a, b) => b.fused - a.fused || a.i - b.i);
  return order(name, placed);
}

function order(name: string, placed: readonly Placed[]): Order {
  return { name, placed, places: new Map(placed.map(({ doc }, i) => [doc, i + 1])) };
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** @param relevant ids, of documents below the candidates, too */
export function measuresOf(
  { placed }: Order,
  relevant: ReadonlySet<string>,
): { readonly ndcg: number; readonly mrr: number } {
  const ranked = placed.map(({ doc }) => doc.id);
  const judged = new Map([...relevant].map((id) => [id, 1]));
  return { ndcg: ndcg(ranked, judged, 10), mrr: reciprocalRank(ranked, judged, 10) };
}
