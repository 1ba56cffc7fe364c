/**
 * The variants this project knows: the one place where their figures live.
 *
 * Sources: the published `config.json` files and model cards of the hub repositories named below (of the two MiniLM, TinyBERT
 * and bge-reranker-base the `config.json` of copies that name them as their origin; of gte-reranker-modernbert-base and both
 * mxbai-rerank that of their base model and their card); parameter counts follow from the structure. Those of turbo and tiny
 * were verified against published logits; of all, `models fetch` compares the sizes with the `config.json` that it fetches, and
 * says what differs.
 */

import type { Architecture } from './architecture.js';
import { parametersOf } from './structures/structures.js';

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
  /** Where it is published: the announcement of turbo and tiny, or a model card. */
  readonly source: string;
  /** LlamaIndex RAG benchmark, 0..1. */
  readonly ragHitRate?: number;
  readonly ragMrr?: number;
}

export type VariantId =
  | 'base'
  | 'turbo'
  | 'tiny'
  | 'embedded'
  | 'mxbai-base'
  | 'mxbai-xsmall'
  | 'minilm-l6'
  | 'minilm-l4'
  | 'tinybert-l2'
  | 'bge-base'
  | 'bge-m3'
  | 'gte-modernbert'
  | 'jina-v2';

export interface Licence {
  /** SPDX identifier. */
  readonly id: string;
  /** Whether the licence allows commercial use. */
  readonly commercial: boolean;
  /** Where its publisher says so. */
  readonly source: string;
}

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
  readonly licence: Licence;
  /** What its publisher trained it for: languages by ISO 639-1, or `multilingual`. */
  readonly languages: readonly string[];
  readonly hub?: {
    readonly repository: string;
    /** Commit that is fetched unless another is asked for. Default: main, resolved and recorded when it is fetched. */
    readonly revision?: string;
    readonly files: readonly HubFile[];
  };
  readonly published?: PublishedQuality;
  /** Why no graph of it is built, where none is. */
  readonly notBuilt?: string;
}

const ANNOUNCEMENT = 'https://jina.ai/news/smaller-faster-cheaper-jina-rerankers-turbo-and-tiny';
const JINA_V2_CARD = 'https://huggingface.co/jinaai/jina-reranker-v2-base-multilingual';
const APACHE = { id: 'Apache-2.0', commercial: true } as const;
const MIT = { id: 'MIT', commercial: true } as const;
const ENGLISH = ['en'];

const cardOf = (repository: string): string => `https://huggingface.co/${repository}`;

/** A variant whose parameters follow from its structure, on the hub without a commit that this project has verified. */
function other(
  id: VariantId,
  repository: string,
  architecture: Architecture,
  {
    licence,
    ...rest
  }: Omit<Partial<Variant>, 'licence'> & Pick<Variant, 'languages'> & { licence: Omit<Licence, 'source'> },
): Variant {
  return {
    id,
    title: repository.split('/')[1]!,
    architecture,
    parameters: parametersOf(architecture),
    contextTokens: architecture.positions ?? 512,
    documentType: architecture.structure === 'bert' ? 1 : 0,
    licence: { ...licence, source: cardOf(repository) },
    hub: { repository, files: [] },
    ...rest,
  };
}

const bert = (layers: number, hidden: number, heads: number): Architecture => ({
  structure: 'bert',
  layers,
  hidden,
  heads,
  intermediate: 4 * hidden,
  vocabulary: 30_522,
  positions: 512,
});
const deberta = (layers: number, hidden: number, heads: number): Architecture => ({
  structure: 'deberta',
  layers,
  hidden,
  heads,
  intermediate: 4 * hidden,
  vocabulary: 128_100,
  positions: 512,
  relative: {
    span: 256,
    buckets: true,
    most: 512,
    contentToPosition: true,
    positionToContent: true,
    shared: true,
    norm: true,
  },
});
const xlmr = (layers: number, hidden: number, heads: number, positions: number): Architecture => ({
  structure: 'roberta',
  layers,
  hidden,
  heads,
  intermediate: 4 * hidden,
  vocabulary: 250_002,
  positions,
  offset: 2,
});

const variants: Record<VariantId, Variant> = {
  base: {
    id: 'base',
    title: 'jina-reranker-v1-base-en (its weights are not on the hub; the yardstick)',
    architecture: { layers: 12, hidden: 768, heads: 12, intermediate: 3072, vocabulary: 30_528 },
    parameters: 137_369_089,
    contextTokens: 8192,
    documentType: 0,
    licence: { ...APACHE, source: 'https://jina.ai/models/jina-reranker-v1-base-en' },
    languages: ENGLISH,
    published: { beirNdcg10: 52.45, ragHitRate: 0.8439, ragMrr: 0.7006, source: ANNOUNCEMENT },
  },
  turbo: {
    id: 'turbo',
    title: 'jina-reranker-v1-turbo-en',
    architecture: { layers: 6, hidden: 384, heads: 12, intermediate: 1536, vocabulary: 61_056 },
    parameters: 37_771_777,
    contextTokens: 8192,
    documentType: 0,
    licence: { ...APACHE, source: cardOf('jinaai/jina-reranker-v1-turbo-en') },
    languages: ENGLISH,
    hub: {
      repository: 'jinaai/jina-reranker-v1-turbo-en',
      revision: 'b8c14f4e723d9e0aab4732a7b7b93741eeeb77c2',
      files: [{ path: 'onnx/model_quantized.onnx', bytes: 38_295_104, precision: 'int8' }],
    },
    published: { beirNdcg10: 49.6, ragHitRate: 0.8351, ragMrr: 0.6498, source: ANNOUNCEMENT },
  },
  tiny: {
    id: 'tiny',
    title: 'jina-reranker-v1-tiny-en',
    architecture: { layers: 4, hidden: 384, heads: 12, intermediate: 1536, vocabulary: 61_056 },
    parameters: 33_046_273,
    contextTokens: 8192,
    documentType: 0,
    licence: { ...APACHE, source: cardOf('jinaai/jina-reranker-v1-tiny-en') },
    languages: ENGLISH,
    hub: {
      repository: 'jinaai/jina-reranker-v1-tiny-en',
      revision: 'aca45de6945b5dc6399abcd2a9c55ded5dc9111f',
      files: [
        { path: 'onnx/model.onnx', bytes: 132_350_375, precision: 'fp32' },
        { path: 'onnx/model_quantized.onnx', bytes: 33_424_854, precision: 'int8' },
      ],
    },
    published: { beirNdcg10: 48.54, ragHitRate: 0.8316, ragMrr: 0.6761, source: ANNOUNCEMENT },
  },
  embedded: {
    id: 'embedded',
    title: 'demonstration model, distilled by this project',
    architecture: { layers: 2, hidden: 128, heads: 4, intermediate: 384, vocabulary: 28_000 },
    parameters: 4_029_441,
    contextTokens: 2048,
    documentType: 1,
    licence: { ...APACHE, source: 'LICENSE' },
    languages: ENGLISH,
  },
  'mxbai-base': other('mxbai-base', 'mixedbread-ai/mxbai-rerank-base-v1', deberta(12, 768, 12), {
    licence: APACHE,
    languages: ENGLISH,
    published: { beirNdcg10: 49.19, source: ANNOUNCEMENT },
  }),
  'mxbai-xsmall': other('mxbai-xsmall', 'mixedbread-ai/mxbai-rerank-xsmall-v1', deberta(12, 384, 6), {
    licence: APACHE,
    languages: ENGLISH,
    published: { beirNdcg10: 48.8, source: ANNOUNCEMENT },
  }),
  'minilm-l6': other('minilm-l6', 'cross-encoder/ms-marco-MiniLM-L6-v2', bert(6, 384, 12), {
    licence: APACHE,
    languages: ENGLISH,
    published: { beirNdcg10: 48.64, source: ANNOUNCEMENT },
  }),
  'minilm-l4': other('minilm-l4', 'cross-encoder/ms-marco-MiniLM-L4-v2', bert(4, 384, 12), {
    licence: APACHE,
    languages: ENGLISH,
    published: { beirNdcg10: 47.81, source: ANNOUNCEMENT },
  }),
  'tinybert-l2': other('tinybert-l2', 'cross-encoder/ms-marco-TinyBERT-L2-v2', bert(2, 128, 2), {
    licence: APACHE,
    languages: ENGLISH,
  }),
  'bge-base': other('bge-base', 'BAAI/bge-reranker-base', xlmr(12, 768, 12, 512), {
    licence: MIT,
    languages: ['en', 'zh'],
    published: { beirNdcg10: 47.89, source: ANNOUNCEMENT },
  }),
  'bge-m3': other('bge-m3', 'BAAI/bge-reranker-v2-m3', xlmr(24, 1024, 16, 8192), {
    licence: APACHE,
    languages: ['multilingual'],
    published: { beirNdcg10: 53.65, source: JINA_V2_CARD },
  }),
  'gte-modernbert': other(
    'gte-modernbert',
    'Alibaba-NLP/gte-reranker-modernbert-base',
    {
      structure: 'modernbert',
      layers: 22,
      hidden: 768,
      heads: 12,
      intermediate: 1152,
      vocabulary: 50_368,
      positions: 8192,
      pooling: 'mean',
      rotary: { globalTheta: 160_000, localTheta: 10_000, window: 64, every: 3 },
    },
    { licence: APACHE, languages: ENGLISH },
  ),
  'jina-v2': {
    id: 'jina-v2',
    title: 'jina-reranker-v2-base-multilingual',
    architecture: {
      structure: 'other',
      layers: 12,
      hidden: 768,
      heads: 12,
      intermediate: 3072,
      vocabulary: 250_002,
      positions: 1024,
    },
    parameters: 278_044_417,
    contextTokens: 1024,
    documentType: 0,
    licence: { id: 'CC-BY-NC-4.0', commercial: false, source: JINA_V2_CARD },
    languages: ['multilingual'],
    hub: { repository: 'jinaai/jina-reranker-v2-base-multilingual', files: [] },
    published: { beirNdcg10: 53.17, source: JINA_V2_CARD },
    notBuilt: 'its structure is code of its own; its ONNX export is taken as it is: `reranker models import`',
  },
};

/** Every variant: the Jina rerankers, the announcement's others, and what is asked for besides. */
export const VARIANTS: Readonly<Record<VariantId, Variant>> = variants;

export const VARIANT_IDS = Object.keys(variants) as VariantId[];

export function isVariantId(name: string): name is VariantId {
  return Object.hasOwn(variants, name);
}
