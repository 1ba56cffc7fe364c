import MiniSearch from 'minisearch';
import type { EvaluationDocument } from './collection.js';
import type { Run, ScoredDocument } from './metrics.js';

export interface Bm25Options {
  /** Saturation of term frequency. Default 0.9, as Anserini's baselines for BEIR. */
  readonly k1?: number;
  /** Weight of the document length. Default 0.4. */
  readonly b?: number;
}

const K1 = 0.9;
const B = 0.4;

/** The parameters in words, as a report states them. */
export function describeBm25({ k1 = K1, b = B }: Bm25Options = {}): string {
  return `k1 ${k1}, b ${b}; lower case, ${STOP_WORDS.size} English stop words of Lucene, Porter stemmer; title and text as one field`;
}

/** Lucene's English stop words (`EnglishAnalyzer.ENGLISH_STOP_WORDS_SET`). */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they ' +
    'this to was will with'
  ).split(' '),
);

/**
 * A first stage: BM25 over lower-cased words without stop words, stemmed by Porter's algorithm:
 * the sum over query terms of ln(1 + (N - n + 0.5) / (n + 0.5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * length / mean length)).
 *
 * The index is MiniSearch's, brought to this formula in three places: its BM25+ lower bound d is 0; it multiplies a
 * score by the number of query terms matched, which is divided out again; and it takes the number of distinct
 * tokens as a document's length, so every token carries its position until the length has been counted.
 */
export class Bm25Index {
  readonly #index: MiniSearch<EvaluationDocument>;

  private constructor(index: MiniSearch<EvaluationDocument>) {
    this.#index = index;
  }

  static async create(
    documents: Iterable<EvaluationDocument>,
    { k1 = K1, b = B }: Bm25Options = {},
  ): Promise<Bm25Index> {
    // Published as an ES module only.
    const { stemmer } = await import('stemmer');
    const index = new MiniSearch<EvaluationDocument>({
      fields: ['text'],
      tokenize: (text) => analyze(text, stemmer).map((term, position) => `${term} ${position}`),
      processTerm: (token) => token.slice(0, token.indexOf(' ')),
      searchOptions: { bm25: { k: k1, b, d: 0 } },
    });
    for (const document of documents) index.add(document);
    return new Bm25Index(index);
  }

  /** The best `limit` documents, highest score first; equal scores by falling id, as trec_eval orders them. */
  search(query: string, limit: number): ScoredDocument[] {
    return this.#index
      .search(query)
      .map(({ id, score, queryTerms }) => ({ id: id as string, score: score / (queryTerms.length || 1) }))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  /** A run over all queries. */
  run(queries: ReadonlyMap<string, string>, limit: number): Run {
    return new Map([...queries].map(([id, query]) => [id, this.search(query, limit)]));
  }
}

function analyze(text: string, stemmer: (word: string) => string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !STOP_WORDS.has(word)).map(stemmer);
}
