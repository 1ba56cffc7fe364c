import { ModelError, TimeoutError } from './errors/index.js';
import type { RerankerClient } from './reranker-client.js';
import type { TextDocument } from './types.js';

/**
 * A reranker behind the typed client: an endpoint, or a container.
 *
 * It asks for logits, as a sigmoid would flatten the differences that a fusion weighs. A query that takes longer than
 * a request may (SageMaker gives a container 60 s) is asked again in halves, one after the other, and so are the
 * queries after it: a large model and long documents need no setting.
 */
export class ClientReranker {
  /** Documents that one request takes in its time, as far as is known. */
  #most = Infinity;
  #totalTokens = 0;
  readonly #client: RerankerClient;

  constructor(
    readonly name: string,
    client: RerankerClient,
  ) {
    this.#client = client;
  }

  /** Tokens of all pairs that were scored so far. */
  get totalTokens(): number {
    return this.#totalTokens;
  }

  /** @throws RerankerError; of a request with a single document also when it takes too long. */
  async rerank(
    query: string,
    documents: readonly TextDocument[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    const scores: number[] = [];
    while (scores.length < documents.length) {
      const part = documents.slice(scores.length, scores.length + this.#most);
      try {
        scores.push(...(await this.#ask(query, part, signal)));
      } catch (error) {
        if (part.length === 1 || signal?.aborted || !tookTooLong(error)) throw error;
        this.#most = Math.min(this.#most, Math.ceil(part.length / 2));
      }
    }
    return scores;
  }

  async #ask(
    query: string,
    documents: readonly TextDocument[],
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const { results, usage } = await this.#client.rerank({
      query,
      documents,
      rawScores: true,
      returnDocuments: false,
      ...(signal && { signal }),
    });
    this.#totalTokens += usage.totalTokens;
    const scores = new Array<number>(documents.length);
    for (const { index, relevanceScore } of results) scores[index] = relevanceScore;
    return scores;
  }
}

/** The client's deadline, the container's own, or SageMaker's, which gives status 0 for no answer in time. */
function tookTooLong(error: unknown): boolean {
  if (TimeoutError.isInstance(error)) return true;
  if (!ModelError.isInstance(error)) return false;
  const { containerError, originalStatusCode, originalMessage = '' } = error;
  if (containerError) return containerError.code === 'deadline_exceeded';
  return originalStatusCode === 0 && /timed? ?out/i.test(originalMessage);
}
