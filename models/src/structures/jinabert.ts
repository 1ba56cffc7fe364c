import type { Architecture } from '../architecture.js';
import type { EncoderSpec } from '../encoder/spec.js';
import { layersOf, linear, norm } from './names.js';

/** LayerNorm epsilon of every published JinaBERT and BERT. */
export const EPSILON = 1e-12;

/** Names of one layer's weights in the published `model.safetensors`. */
export function layerNames(layer: number) {
  const prefix = `bert.encoder.layer.${layer}`;
  return {
    query: `${prefix}.attention.self.query`,
    key: `${prefix}.attention.self.key`,
    value: `${prefix}.attention.self.value`,
    attentionOutput: `${prefix}.attention.output.dense`,
    attentionNorm: `${prefix}.attention.output.LayerNorm`,
    gated: `${prefix}.mlp.gated_layers`,
    mlpOutput: `${prefix}.mlp.wo`,
    mlpNorm: `${prefix}.mlp.layernorm`,
  };
}

export const names = {
  words: 'bert.embeddings.word_embeddings.weight',
  types: 'bert.embeddings.token_type_embeddings.weight',
  embeddingNorm: 'bert.embeddings.LayerNorm',
  pooler: 'bert.pooler.dense',
  classifier: 'classifier',
};

/** JinaBERT (arXiv 2310.19923): post-norm, symmetric ALiBi in place of positions, a gated MLP. */
export function jinaBert(a: Architecture): EncoderSpec {
  const { hidden, intermediate } = a;
  return {
    architecture: a,
    epsilon: a.epsilon ?? EPSILON,
    embeddings: {
      width: hidden,
      words: { weight: names.words, rows: a.vocabulary },
      types: { weight: names.types, rows: a.types ?? 2 },
      norm: norm(names.embeddingNorm),
    },
    order: 'post-norm',
    attention: { kind: 'alibi' },
    layers: layersOf(a.layers, (i) => {
      const n = layerNames(i);
      const gated = { weight: `${n.gated}.weight`, out: intermediate, input: hidden };
      return {
        query: linear(n.query, hidden, hidden),
        key: linear(n.key, hidden, hidden),
        value: linear(n.value, hidden, hidden),
        attentionOutput: linear(n.attentionOutput, hidden, hidden),
        attentionNorm: norm(n.attentionNorm),
        mlp: {
          gate: { ...gated, part: { from: 0, of: 2 * intermediate } },
          inner: { ...gated, part: { from: intermediate, of: 2 * intermediate } },
          output: linear(n.mlpOutput, hidden, intermediate),
        },
        mlpNorm: norm(n.mlpNorm),
      };
    }),
    activation: a.activation ?? 'gelu',
    pooling: 'first',
    head: {
      dense: linear(names.pooler, hidden, hidden),
      activation: 'tanh',
      classifier: linear(names.classifier, 1, hidden),
    },
  };
}
