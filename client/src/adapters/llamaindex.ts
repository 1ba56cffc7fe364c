/** LlamaIndex.TS: a node postprocessor, for query engines and chat engines. */
import type { MessageContent } from '@llamaindex/core/llms';
import type { BaseNodePostprocessor } from '@llamaindex/core/postprocessor';
import { MetadataMode, type NodeWithScore } from '@llamaindex/core/schema';
import { extractText } from '@llamaindex/core/utils';
import { ValidationError } from '../errors/index.js';
import type { AdapterOptions } from './adapter-options.js';

export interface NodePostprocessorOptions extends AdapterOptions {
  /** Which metadata of a node is ranked with its text. Default `MetadataMode.ALL`. */
  readonly metadataMode?: MetadataMode;
}

/**
 * Puts the nodes most relevant to the query first and replaces their scores by the reranker's; with `fusion`, by those of
 * its fusion with the scores that the nodes came with.
 * @example
 * const engine = index.asQueryEngine({ nodePostprocessors: [new RerankerPostprocessor({ client, topN: 5 })] });
 */
export class RerankerPostprocessor implements BaseNodePostprocessor {
  readonly #options: NodePostprocessorOptions;

  constructor(options: NodePostprocessorOptions) {
    this.#options = options;
  }

  /**
   * New entries around the same nodes. From a client with `onUnavailable: 'passthrough'` they come as they were,
   * first-stage scores included, when the endpoint is unavailable.
   * @throws RerankerError; ValidationError without a query
   */
  async postprocessNodes(nodes: NodeWithScore[], query?: MessageContent): Promise<NodeWithScore[]> {
    if (nodes.length === 0) return [];
    if (query === undefined) {
      const message = 'is needed to rank nodes';
      throw new ValidationError(`query ${message}`, [{ path: 'query', message }]);
    }
    const { client, metadataMode = MetadataMode.ALL, ...options } = this.#options;
    const scores = nodes.flatMap(({ score }) => score ?? []);
    const { results } = await client.rerank({
      ...options,
      query: extractText(query),
      documents: nodes,
      text: ({ node }) => node.getContent(metadataMode),
      firstStageScores: options.fusion && scores.length === nodes.length ? scores : undefined,
    });
    return results.map(({ document: { node, score }, ...ranking }) => ({
      node,
      score: ('fusedScore' in ranking ? ranking.fusedScore : undefined) ?? ranking.relevanceScore ?? score,
    }));
  }
}
