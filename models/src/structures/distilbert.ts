import type { Architecture } from '../architecture.js';
import type { EncoderSpec, LinearSpec } from '../encoder/spec.js';
import { layersOf, linear, norm } from './names.js';

/** DistilBERT (arXiv 1910.01108): BERT without token types, its parts under names of their own. */
export function distilBert(a: Architecture): EncoderSpec {
  const { hidden, intermediate, positions = 512 } = a;
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-12,
    embeddings: {
      width: hidden,
      words: { weight: 'distilbert.embeddings.word_embeddings.weight', rows: a.vocabulary },
      positions: { weight: 'distilbert.embeddings.position_embeddings.weight', rows: positions, offset: 0 },
      norm: norm('distilbert.embeddings.LayerNorm'),
    },
    order: 'post-norm',
    attention: { kind: 'plain', positions },
    layers: layersOf(a.layers, (i) => {
      const prefix = `distilbert.transformer.layer.${i}`;
      const square = (name: string): LinearSpec => linear(`${prefix}.attention.${name}`, hidden, hidden);
      return {
        query: square('q_lin'),
        key: square('k_lin'),
        value: square('v_lin'),
        attentionOutput: square('out_lin'),
        attentionNorm: norm(`${prefix}.sa_layer_norm`),
        mlp: {
          inner: linear(`${prefix}.ffn.lin1`, intermediate, hidden),
          output: linear(`${prefix}.ffn.lin2`, hidden, intermediate),
        },
        mlpNorm: norm(`${prefix}.output_layer_norm`),
      };
    }),
    activation: a.activation ?? 'gelu',
    pooling: 'first',
    head: {
      dense: linear('pre_classifier', hidden, hidden),
      activation: 'relu',
      classifier: linear('classifier', 1, hidden),
    },
  };
}
