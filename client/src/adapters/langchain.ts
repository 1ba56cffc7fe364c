/** LangChain.js: a document compressor, for `ContextualCompressionRetriever` and wherever else one is taken. */
import { Document, type DocumentInterface } from '@langchain/core/documents';
import { BaseDocumentCompressor } from '@langchain/core/retrievers/document_compressors';
import type { AdapterOptions } from './adapter-options.js';

export interface CompressorOptions extends AdapterOptions {
  /**
   * The retriever's score of a document, higher is better, for a fusion by z-score; for example
   * `({ metadata }) => metadata.score`. Without it, fuse by `reciprocal-rank`, which needs the order alone.
   */
  readonly firstStageScore?: (document: DocumentInterface) => number;
}

/**
 * Keeps the documents most relevant to a query, best first, with the score in `metadata.relevanceScore`, and that of a
 * fusion in `metadata.fusedScore`.
 * @example
 * const compressor = new RerankerCompressor({ client, topN: 5 });
 * const documents = await compressor.compressDocuments(await retriever.invoke(query), query);
 */
export class RerankerCompressor extends BaseDocumentCompressor {
  readonly #options: CompressorOptions;

  constructor(options: CompressorOptions) {
    super();
    this.#options = options;
  }

  /**
   * Copies of the documents, never the ones passed in. From a client with `onUnavailable: 'passthrough'` they come
   * in the order of the retriever and without a score when the endpoint is unavailable.
   * @throws RerankerError
   */
  async compressDocuments(documents: DocumentInterface[], query: string): Promise<DocumentInterface[]> {
    if (documents.length === 0) return [];
    const { client, firstStageScore, ...options } = this.#options;
    const { results } = await client.rerank({
      ...options,
      query,
      documents,
      text: ({ pageContent }) => pageContent,
      firstStageScores: firstStageScore && documents.map(firstStageScore),
    });
    return results.map(({ document: { pageContent, metadata, id }, ...ranking }) => {
      const fused = 'fusedScore' in ranking ? ranking.fusedScore : undefined;
      const scores = Object.entries({ relevanceScore: ranking.relevanceScore, fusedScore: fused });
      const known = Object.fromEntries(scores.filter(([, score]) => score !== undefined));
      return new Document({
        pageContent,
        metadata: { ...metadata, ...known },
        ...(id !== undefined && { id }),
      });
    });
  }
}
