/**
 * The variants this project deploys: the one place where their figures live.
 *
 * Sources: the published `config.json` files (Apache-2.0) and model cards of the hub repositories named below;
 * parameter counts follow from the structure and equal the published ones to the digit.
 */

import type { Architecture } from './architecture.js';

/** A file of a hub repository. */
export interface HubFile {
  readonly path: string;
  /** Size in bytes. */
  readonly bytes: number;
  readonly precision: 'fp32' | 'int8';
}

/** Quality as its publisher reports it; this project did not measure these. */
export interface PublishedQuality {
  /** Mean NDCG@10 over 17 BEIR collections, 0..100. */
  readonly beirNdcg10: number;
  /** LlamaIndex RAG benchmark, 0..1. */
  readonly ragHitRate: number;
  readonly ragMrr: number;
}

export type VariantId = 'base' | 'turbo' | 'tiny' | 'embedded';

export interface Variant {
  readonly id: VariantId;
  readonly title: string;
  readonly architecture: Architecture;
  /** Trainable numbers, embeddings of both token types and the head included. */
  readonly parameters: number;
  /** Longest pair in tokens, special tokens included. */
  readonly contextTokens: number;
  /** Token type id given to the document; the query is always 0. */
  readonly documentType: 0 | 1;
  readonly hub?: {
    readonly repository: string;
    /** Commit that is fetched unless another is asked for. */
    readonly revision: string;
    readonly files: readonly HubFile[];
  };
  readonly published?: PublishedQuality;
}

const variants: Record<VariantId, Variant> = {
  base: {
    id: 'base',
    title: 'jina-reranker-v1-base-en (published as an API only; the yardstick)',
    architecture: { layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 30_528 },
    parameters: 137_369_089,
    contextTokens: 8192,
    documentType: 0,
    published: { beirNdcg10: 52.45, ragHitRate: 0.8439, ragMrr: 0.7006 },
  },
  turbo: {
    id: 'turbo',
    title: 'jina-reranker-v1-turbo-en',
    architecture: { layers: 6, hidden: 384, heads: 12, intermediate: 1536, vocabulary: 61_056 },
    parameters: 37_771_777,
    contextTokens: 8192,
    documentType: 0,
    hub: {
      repository: 'jinaai/jina-reranker-v1-turbo-en',
      revision: 'b8c14f4e723d9e0aab4732a7b7b93741eeeb77c2',
      files: [{ path: 'onnx/model_quantized.onnx', bytes: 38_295_104, precision: 'int8' }],
    },
    published: { beirNdcg10: 49.6, ragHitRate: 0.8351, ragMrr: 0.6498 },
  },
  tiny: {
    id: 'tiny',
    title: 'jina-reranker-v1-tiny-en',
    architecture: { layers: 4, hidden: 384, heads: 12, intermediate: 1536, vocabulary: 61_056 },
    parameters: 33_046_273,
    contextTokens: 8192,
    documentType: 0,
    hub: {
      repository: 'jinaai/jina-reranker-v1-tiny-en',
      revision: 'aca45de6945b5dc6399abcd2a9c55ded5dc9111f',
      files: [
        { path: 'onnx/model.onnx', bytes: 132_350_375, precision: 'fp32' },
        { path: 'onnx/model_quantized.onnx', bytes: 33_424_854, precision: 'int8' },
      ],
    },
    published: { beirNdcg10: 48.54, ragHitRate: 0.8316, ragMrr: 0.6761 },
  },
  embedded: {
    id: 'embedded',
    title: 'demonstration model, distilled by this project',
    architecture: { layers: 2, hidden: 128, heads: 4, intermediate: 384, vocabulary: 28_000 },
    parameters: 4_029_441,
    contextTokens: 2048,
    documentType: 1,
  },
};

/** Every variant, largest first. */
export const VARIANTS: Readonly<Record<VariantId, Variant>> = variants;

export const VARIANT_IDS = Object.keys(variants) as VariantId[];

export function isVariantId(name: string): name is VariantId {
  return Object.hasOwn(variants, name);
}
