/** LangChain.js: a document compressor, for `ContextualCompressionRetriever` and wherever else one is taken. */
import { Document, type DocumentInterface } from '@langchain/core/documents';
import { BaseDocumentCompressor } from '@langchain/core/retrievers/document_compressors';
import type { AdapterOptions } from './adapter-options.js';

/**
 * Keeps the documents most relevant to a query, best first, with the score in `metadata.relevanceScore`.
 * @example
 * const compressor = new RerankerCompressor({ client, topN: 5 });
 * const documents = await compressor.compressDocuments(await retriever.invoke(query), query);
 */
export class RerankerCompressor extends BaseDocumentCompressor {
  constructor(private readonly options: AdapterOptions) {
    super();
  }

  /**
   * Copies of the documents, never the ones passed in. From a client with `onUnavailable: 'passthrough'` they come
   * in the order of the retriever and without a score when the endpoint is unavailable.
   * @throws RerankerError
   */
  async compressDocuments(documents: DocumentInterface[], query: string): Promise<DocumentInterface[]> {
    if (documents.length === 0) return [];
    const { client, ...options } = this.options;
    const { results } = await client.rerank({
      ...options,
      query,
      documents,
      text: ({ pageContent }) => pageContent,
    });
    return results.map(
      ({ document: { pageContent, metadata, id }, relevanceScore }) =>
        new Document({
          pageContent,
          metadata: { ...metadata, ...(relevanceScore !== undefined && { relevanceScore }) },
          ...(id !== undefined && { id }),
        }),
    );
  }
}
