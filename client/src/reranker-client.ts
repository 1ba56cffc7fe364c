import { ClientCore } from './client-core.js';
import { resolveOptions, type RerankerClientOptions } from './options.js';
import { rerankCall } from './rerank-call.js';
import { streamCall, type StreamSummary } from './stream-call.js';
import { SageMakerTransport } from './transport/sagemaker-transport.js';
import type { OnUnavailable, RerankAnswer, RerankRequest, RerankResult, StreamRequest } from './types.js';

/**
 * Ranks documents by relevance to a query, through a deployed reranker.
 * @example
 * const client = new RerankerClient({ endpointName: 'reranker-tiny', region: 'eu-west-1' });
 * const { results } = await client.rerank({ query, documents: passages, text: (p) => p.body, topN: 5 });
 */
export class RerankerClient<U extends OnUnavailable = 'throw'> {
  readonly #core: ClientCore;

  /** @throws ValidationError when an option is wrong. */
  constructor(options: RerankerClientOptions<U>) {
    const settings = resolveOptions(options);
    this.#core = new ClientCore(options.transport ?? new SageMakerTransport(options), settings);
  }

  /**
   * Ranks `documents` against `query`; results carry the caller's own documents, by identity. A request over the
   * endpoint's limits is split, and the answers are merged to the ranking that one request would have given.
   * @throws RerankerError, or rather the subclass of the cause; see each class.
   */
  async rerank<T, R extends boolean = true, V extends OnUnavailable | undefined = undefined>(
    request: RerankRequest<T, R, V>,
  ): Promise<RerankAnswer<T, R, V, U>> {
    // The compiler cannot relate the value of `onUnavailable` to the type it selects.
    return (await rerankCall<T, R>(this.#core, request)) as RerankAnswer<T, R, V, U>;
  }

  /**
   * Ranks as {@link rerank} does, and gives each result as soon as its document is scored, so in no order. The
   * generator's return value is the summary; leaving the loop early gives up the call.
   * @example
   * for await (const { document, relevanceScore } of client.stream({ query, documents })) show(document, relevanceScore);
   * @throws RerankerError; what fails before the stream is open is retried, what fails after it is not
   */
  stream<T, R extends boolean = true>(
    request: StreamRequest<T, R>,
  ): AsyncGenerator<RerankResult<T, R>, StreamSummary, undefined> {
    return streamCall<T, R>(this.#core, request);
  }

  /** Closes idle connections; a client that is not closed lets the process exit all the same. */
  close(): void {
    this.#core.transport.close?.();
  }
}
