/** AI SDK: a reranking model of specification v4, for `rerank({ model, documents, query })`. */
import type { RerankingModelV4 } from '@ai-sdk/provider' with { 'resolution-mode': 'import' };
import type { AdapterOptions } from './adapter-options.js';

export interface RerankingModelOptions extends Omit<AdapterOptions, 'topN'> {
  /** Name of the model in telemetry, for example the endpoint's. Default `reranker`. */
  readonly modelId?: string;
}

type CallOptions = Parameters<RerankingModelV4['doRerank']>[0];
type CallResult = Awaited<ReturnType<RerankingModelV4['doRerank']>>;

/**
 * The reranker as a model of the AI SDK. Objects are ranked as their JSON. Retries are the client's: what it throws
 * is not retried again by the SDK. First-stage scores go into the provider options; a fused ranking carries its fused
 * scores.
 * @example
 * const { ranking } = await rerank({ model: rerankingModel({ client }), query, documents, topN: 5 });
 * const providerOptions = { sagemakerReranker: { firstStageScores: hits.map(({ score }) => score) } };
 */
export function rerankingModel({
  modelId = 'reranker',
  client,
  ...options
}: RerankingModelOptions): RerankingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'sagemaker-reranker',
    modelId,
    async doRerank({
      documents,
      query,
      topN,
      abortSignal,
      headers,
      providerOptions,
    }: CallOptions): Promise<CallResult> {
      const texts =
        documents.type === 'text' ? documents.values : documents.values.map((value) => JSON.stringify(value));
      const answer = await client.rerank({
        ...options,
        query,
        documents: texts,
        topN,
        signal: abortSignal,
        // The client checks them.
        firstStageScores: providerOptions?.sagemakerReranker?.firstStageScores as number[] | undefined,
      });
      const warnings: NonNullable<CallResult['warnings']> = [];
      if (headers !== undefined && Object.keys(headers).length > 0) {
        warnings.push({
          type: 'unsupported',
          feature: 'headers',
          details: 'SageMaker passes no headers on.',
        });
      }
      if (answer.degraded) {
        const message = `Not ranked, in the order given: ${answer.reason.message}`;
        // The specification demands a score; 0 claims no relevance for any.
        const ranking = answer.results.map(({ index }) => ({ index, relevanceScore: 0 }));
        return { ranking, warnings: [...warnings, { type: 'other', message }] };
      }
      const [id] = answer.requestIds;
      return {
        ranking: answer.results.map(({ index, relevanceScore, fusedScore }) => ({
          index,
          relevanceScore: fusedScore ?? relevanceScore,
        })),
        providerMetadata: { sagemakerReranker: { totalTokens: answer.usage.totalTokens } },
        warnings,
        response: { modelId: answer.model, ...(id !== undefined && { id }) },
      };
    },
  };
}
