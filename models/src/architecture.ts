/** The encoders whose graphs this project emits, and `other` for an exporter's graph, of which the sizes alone are known. */
export const STRUCTURES = [
  'jinabert',
  'bert',
  'roberta',
  'electra',
  'distilbert',
  'modernbert',
  'deberta',
  'other',
] as const;
export type Structure = (typeof STRUCTURES)[number];

/** Activations by their names in a hub `config.json`, those of the same function under one name. */
export type Activation = 'gelu' | 'gelu_tanh' | 'relu' | 'silu' | 'tanh';

/** Sizes of an encoder and what its graph depends on besides its weights. Counts, unless said otherwise. */
export interface Architecture {
  /** Default: JinaBERT, of which the oldest manifests are. */
  readonly structure?: Structure;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Tokens that the position table has rows for, or that the rotation is computed for: the longest pair. */
  readonly positions?: number;
  /** Row of the position table that the first token has. Default: 0. */
  readonly offset?: number;
  /** Rows of the table of token types, 0 for none. Default: the structure's. */
  readonly types?: number;
  /** Width of the embeddings, where a projection takes them to `hidden`. */
  readonly embedding?: number;
  /** Added to the variance by LayerNorm. Default: the structure's. */
  readonly epsilon?: number;
  /** Of the MLP. Default: gelu. */
  readonly activation?: Activation;
  /** What the head reads. Default: the first token. */
  readonly pooling?: 'first' | 'mean';
  /** ModernBERT: rotation and windows. */
  readonly rotary?: RotarySizes;
  /** DeBERTa: relative positions. */
  readonly relative?: RelativeSizes;
}

interface RotarySizes {
  /** Base of the wave lengths, in layers that attend to all tokens and in those that attend to a window. */
  readonly globalTheta: number;
  readonly localTheta: number;
  /** Tokens to each side that a windowed layer attends to. */
  readonly window: number;
  /** Layers 0, n, 2n, ... attend to all tokens. */
  readonly every: number;
}

export interface RelativeSizes {
  /** Distances with an embedding of their own, or logarithmic buckets of them, to each side. */
  readonly span: number;
  /** Whether distances beyond half the span share logarithmic buckets. */
  readonly buckets: boolean;
  /** Largest distance, which the logarithmic buckets end at. */
  readonly most: number;
  /** The parts of the scores besides content to content. */
  readonly contentToPosition: boolean;
  readonly positionToContent: boolean;
  /** Positions are projected by the weights of the content's query and key, or by their own. */
  readonly shared: boolean;
  /** The embeddings of distances are normalised before they are projected. */
  readonly norm: boolean;
}
