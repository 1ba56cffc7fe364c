import MiniSearch from 'minisearch';
import type { RerankerClient } from '@sagemaker-reranker/client';

/** A passage that a language model may be given. */
export interface Passage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** A passage with its place in both stages, from 1; no score where the endpoint was unavailable. */
export interface Retrieved {
  readonly passage: Passage;
  readonly bm25Rank: number;
  readonly relevanceScore: number | undefined;
}

/** Two stages: BM25 finds candidates by their words, the reranker reads them, and the order comes of both. */
export class Retriever {
  readonly #index = new MiniSearch<Passage>({ fields: ['title', 'text'] });
  readonly #passages: ReadonlyMap<string, Passage>;

  readonly #client: RerankerClient;

  constructor(client: RerankerClient, passages: readonly Passage[]) {
    this.#client = client;
    this.#index.addAll(passages);
    this.#passages = new Map(passages.map((passage) => [passage.id, passage]));
  }

  /** The best `topN` of the first stage's best 100. */
  async retrieve(query: string, topN = 5): Promise<readonly Retrieved[]> {
    const hits = this.#index.search(query, { fuzzy: 0.2, prefix: true }).slice(0, 100);
    const candidates = hits.map((hit) => this.#passages.get(String(hit.id))!);
    if (candidates.length === 0) return [];
    const { results } = await this.#client.rerank({
      query,
      documents: candidates,
      text: ({ title, text }) => `${title}. ${text}`,
      firstStageScores: hits.map(({ score }) => score),
      topN,
      onUnavailable: 'passthrough',
    });
    return results.map(({ document, index, relevanceScore }) => ({
      passage: document,
      bm25Rank: index + 1,
      relevanceScore,
    }));
  }
}

/** The prompt for a language model: the passages, numbered so that it can cite them, and the question. */
export function prompt(query: string, retrieved: readonly Retrieved[]): string {
  const sources = retrieved.map(({ passage }, i) => `[${i + 1}] ${passage.title}: ${passage.text}`);
  return `Answer from these sources and cite them by number.\n\n${sources.join('\n')}\n\nQuestion: ${query}`;
}
