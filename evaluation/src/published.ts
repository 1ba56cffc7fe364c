import { VARIANTS, type VariantId } from '@sagemaker-reranker/models';

/** A figure of another source, for comparison only. */
export interface PublishedFigure {
  readonly name: string;
  readonly variant: VariantId;
  /** Mean NDCG@10 over 17 BEIR collections, 0..1. */
  readonly beirNdcg10: number;
  /** LlamaIndex's RAG benchmark, 0..1. */
  readonly ragHitRate?: number;
  readonly ragMrr?: number;
}

/** Where the published figures were read. */
export const PUBLISHED_SOURCE =
  'the announcement of turbo and tiny; bge-reranker-v2-m3 and jina-reranker-v2: the card of the latter';

/** What the model cards publish; not measured here, and on other collections than one's own. */
export function publishedFigures(): PublishedFigure[] {
  return Object.values(VARIANTS).flatMap(({ id, title, published }) =>
    published
      ? [
          {
            name: title,
            variant: id,
            // Of two decimals, as published: the division leaves a rest.
            beirNdcg10: Number((published.beirNdcg10 / 100).toFixed(4)),
            ragHitRate: published.ragHitRate,
            ragMrr: published.ragMrr,
          },
        ]
      : [],
  );
}
