/** BM25 off the page's thread: the index of ten thousand documents takes a second. */
import { Bm25Index } from '../../evaluation/src/bm25.js';
import type { Doc } from './documents.js';

export interface Bm25Job {
  readonly number: number;
  readonly query: string;
  /** Absent where they are those of the job before. */
  readonly documents?: readonly Doc[];
}

export interface Bm25Answer {
  readonly number: number;
  /** One a document, 0 for those without a word of the query. */
  readonly scores: Float64Array;
}

let index: Promise<Bm25Index> | undefined;
let count = 0;

self.addEventListener('message', ({ data }: MessageEvent<Bm25Job>) => {
  const { number, query, documents } = data;
  if (documents) {
    count = documents.length;
    index = Bm25Index.create(documents.map(({ text }, i) => ({ id: String(i), text })));
  }
  void index?.then((ready) => {
    const scores = new Float64Array(count);
    for (const { id, score } of ready.search(query, count)) scores[Number(id)] = score;
    self.postMessage({ number, scores } satisfies Bm25Answer);
  });
});
