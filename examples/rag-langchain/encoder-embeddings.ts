import { Embeddings } from '@langchain/core/embeddings';
import type { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';

/** LangChain's embeddings by an encoder on this machine; those of a provider, as `BedrockEmbeddings`, take its place. */
export class EncoderEmbeddings extends Embeddings {
  readonly #encoder: SentenceEncoder;

  constructor(encoder: SentenceEncoder) {
    super({});
    this.#encoder = encoder;
  }

  override async embedDocuments(documents: string[]): Promise<number[][]> {
    const vectors = await this.#encoder.encode(documents, 'document');
    return vectors.map((vector) => [...vector]);
  }

  override async embedQuery(query: string): Promise<number[]> {
    const [vector] = await this.#encoder.encode([query], 'query');
    return [...vector!];
  }
}
