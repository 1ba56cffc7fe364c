import { Shapes } from '../encoder/weights.js';
import type { Architecture } from '../registry.js';

/** Sizes of a BERT encoder with learned positions and a plain MLP. */
export interface BertArchitecture extends Architecture {
  readonly structure: 'bert';
  /** Rows of the position table: the longest pair in tokens. */
  readonly positions: number;
}

export function isBert(a: Architecture): a is BertArchitecture {
  return 'structure' in a && a.structure === 'bert';
}

/** Names of one layer's weights in a published `model.safetensors`. */
export function bertLayerNames(layer: number) {
  const prefix = `bert.encoder.layer.${layer}`;
  return {
    query: `${prefix}.attention.self.query`,
    key: `${prefix}.attention.self.key`,
    value: `${prefix}.attention.self.value`,
    attentionOutput: `${prefix}.attention.output.dense`,
    attentionNorm: `${prefix}.attention.output.LayerNorm`,
    inner: `${prefix}.intermediate.dense`,
    mlpOutput: `${prefix}.output.dense`,
    mlpNorm: `${prefix}.output.LayerNorm`,
  };
}

export const bertNames = {
  words: 'bert.embeddings.word_embeddings.weight',
  positions: 'bert.embeddings.position_embeddings.weight',
  types: 'bert.embeddings.token_type_embeddings.weight',
  embeddingNorm: 'bert.embeddings.LayerNorm',
  pooler: 'bert.pooler.dense',
  classifier: 'classifier',
};

/** Every weight of a BERT cross-encoder with its shape, in the order a forward pass reads them. */
export function bertWeightShapes(a: BertArchitecture): Map<string, number[]> {
  const shapes = new Shapes(a);
  shapes.table(bertNames.words, a.vocabulary);
  shapes.table(bertNames.positions, a.positions);
  shapes.table(bertNames.types, 2);
  shapes.norm(bertNames.embeddingNorm);
  for (let i = 0; i < a.layers; i++) {
    const layer = bertLayerNames(i);
    shapes.attention(layer);
    shapes.linear(layer.inner, a.intermediate, a.hidden);
    shapes.linear(layer.mlpOutput, a.hidden, a.intermediate);
    shapes.norm(layer.mlpNorm);
  }
  shapes.head(bertNames);
  return shapes.all;
}
