import type { Activation, Architecture, RelativeSizes } from '../architecture.js';

/** A linear layer by the names of its weights, [out, input] and [out]. */
export interface LinearSpec {
  readonly weight: string;
  readonly bias?: string;
  readonly out: number;
  readonly input: number;
  /** The rows `from` to `from + out` of a weight of `of` rows, where several layers are stored as one. */
  readonly part?: { readonly from: number; readonly of: number };
}

export interface NormSpec {
  readonly weight: string;
  readonly bias?: string;
}

export interface TableSpec {
  readonly weight: string;
  readonly rows: number;
}

export interface LayerSpec {
  readonly query: LinearSpec;
  readonly key: LinearSpec;
  readonly value: LinearSpec;
  readonly attentionOutput: LinearSpec;
  /** After the attention, or before it in a pre-norm encoder; a pre-norm encoder's first layer may have none. */
  readonly attentionNorm?: NormSpec;
  readonly mlp: {
    /** Of a gated MLP: its activation is multiplied by `inner`, which then has none. */
    readonly gate?: LinearSpec;
    readonly inner: LinearSpec;
    readonly output: LinearSpec;
  };
  readonly mlpNorm: NormSpec;
}

export interface RelativeSpec extends RelativeSizes {
  readonly table: TableSpec;
  readonly tableNorm?: NormSpec;
  /** Projections of the distances by layer, where they are not those of the content. */
  readonly projections?: readonly { readonly query?: LinearSpec; readonly key?: LinearSpec }[];
}

export type AttentionSpec =
  | { readonly kind: 'plain'; readonly positions: number }
  /** Symmetric ALiBi (arXiv 2108.12409). */
  | { readonly kind: 'alibi' }
  /** Rotary (arXiv 2104.09864); `layers` tells the base of each layer, and the window of those that have one. */
  | {
      readonly kind: 'rotary';
      readonly positions: number;
      readonly layers: readonly { readonly theta: number; readonly window?: number }[];
    }
  /** Disentangled (arXiv 2006.03654, 2111.09543). */
  | { readonly kind: 'disentangled'; readonly positions: number; readonly relative: RelativeSpec };

/** An encoder as its graph is emitted: what is computed, and under which names the weights of it are published. */
export interface EncoderSpec {
  readonly architecture: Architecture;
  readonly epsilon: number;
  readonly embeddings: {
    readonly width: number;
    readonly words: TableSpec;
    /** `offset`: row of the first token. */
    readonly positions?: TableSpec & { readonly offset: number };
    readonly types?: TableSpec;
    readonly norm: NormSpec;
    /** From `width` to hidden, before the norm or after it. */
    readonly projection?: LinearSpec & { readonly place: 'before' | 'after' };
  };
  readonly order: 'post-norm' | 'pre-norm';
  readonly attention: AttentionSpec;
  readonly layers: readonly LayerSpec[];
  readonly finalNorm?: NormSpec;
  /** Of the MLP. */
  readonly activation: Activation;
  readonly pooling: 'first' | 'mean';
  /** A cross-encoder's; without one the pooled vector itself is given. */
  readonly head?: {
    readonly dense: LinearSpec;
    readonly activation: Activation;
    readonly norm?: NormSpec;
    readonly classifier: LinearSpec;
  };
}

/** What a weight is, which decides how it is looked for in an export and how a random one is drawn. */
type WeightKind = 'table' | 'linear' | 'bias' | 'norm' | 'norm bias';

export interface WeightSpec {
  readonly shape: readonly number[];
  readonly kind: WeightKind;
}

/** Every weight of an encoder with its shape, in the order in which a forward pass reads them. */
export function weightShapes(spec: EncoderSpec): Map<string, number[]> {
  return new Map([...weightsOf(spec)].map(([name, { shape }]) => [name, [...shape]]));
}

/** Every weight of an encoder by its published name, in the order in which a forward pass reads them. */
export function weightsOf(spec: EncoderSpec): Map<string, WeightSpec> {
  const all = new Map<string, WeightSpec>();
  const { embeddings, head, attention } = spec;
  const { hidden } = spec.architecture;
  const table = ({ weight, rows }: TableSpec, width: number): void => {
    all.set(weight, { shape: [rows, width], kind: 'table' });
  };
  const linear = ({ weight, bias, out, input, part }: LinearSpec): void => {
    const rows = part?.of ?? out;
    all.set(weight, { shape: [rows, input], kind: 'linear' });
    if (bias !== undefined) all.set(bias, { shape: [rows], kind: 'bias' });
  };
  const norm = ({ weight, bias }: NormSpec, width = hidden): void => {
    all.set(weight, { shape: [width], kind: 'norm' });
    if (bias !== undefined) all.set(bias, { shape: [width], kind: 'norm bias' });
  };

  table(embeddings.words, embeddings.width);
  if (embeddings.positions) table(embeddings.positions, embeddings.width);
  if (embeddings.types) table(embeddings.types, embeddings.width);
  const { projection } = embeddings;
  if (projection?.place === 'before') linear(projection);
  norm(embeddings.norm, projection?.place === 'after' ? embeddings.width : hidden);
  if (projection?.place === 'after') linear(projection);
  if (attention.kind === 'disentangled') {
    table(attention.relative.table, hidden);
    if (attention.relative.tableNorm) norm(attention.relative.tableNorm);
  }
  for (const [i, layer] of spec.layers.entries()) {
    const before = spec.order === 'pre-norm';
    if (before && layer.attentionNorm) norm(layer.attentionNorm);
    for (const part of [layer.query, layer.key, layer.value]) linear(part);
    const own = attention.kind === 'disentangled' ? attention.relative.projections?.[i] : undefined;
    for (const part of [own?.key, own?.query]) if (part) linear(part);
    linear(layer.attentionOutput);
    if (!before && layer.attentionNorm) norm(layer.attentionNorm);
    if (before) norm(layer.mlpNorm);
    for (const part of [layer.mlp.gate, layer.mlp.inner, layer.mlp.output]) if (part) linear(part);
    if (!before) norm(layer.mlpNorm);
  }
  if (spec.finalNorm) norm(spec.finalNorm);
  if (head) {
    linear(head.dense);
    if (head.norm) norm(head.norm);
    linear(head.classifier);
  }
  return all;
}
