import type { Architecture } from '../architecture.js';
import type { EncoderSpec, LinearSpec } from '../encoder/spec.js';
import { layersOf } from './names.js';

/** ModernBERT (arXiv 2412.13663): pre-norm without biases, rotary positions, two of three layers attending to a window. */
export function modernBert(a: Architecture): EncoderSpec {
  const { hidden, intermediate, positions = 8192, rotary } = a;
  const { globalTheta, localTheta, window, every } = rotary ?? {
    globalTheta: 160_000,
    localTheta: 10_000,
    window: 64,
    every: 3,
  };
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-5,
    embeddings: {
      width: hidden,
      words: { weight: 'model.embeddings.tok_embeddings.weight', rows: a.vocabulary },
      norm: { weight: 'model.embeddings.norm.weight' },
    },
    order: 'pre-norm',
    attention: {
      kind: 'rotary',
      positions,
      layers: Array.from({ length: a.layers }, (_, i) =>
        i % every === 0 ? { theta: globalTheta } : { theta: localTheta, window },
      ),
    },
    layers: layersOf(a.layers, (i) => {
      const prefix = `model.layers.${i}`;
      const fused = (name: string, out: number, place: number, of: number): LinearSpec => ({
        weight: `${prefix}.${name}.weight`,
        out,
        input: hidden,
        part: { from: place * out, of: of * out },
      });
      return {
        query: fused('attn.Wqkv', hidden, 0, 3),
        key: fused('attn.Wqkv', hidden, 1, 3),
        value: fused('attn.Wqkv', hidden, 2, 3),
        attentionOutput: { weight: `${prefix}.attn.Wo.weight`, out: hidden, input: hidden },
        // The norm of the embeddings is that of the first layer.
        attentionNorm: i === 0 ? undefined : { weight: `${prefix}.attn_norm.weight` },
        mlp: {
          gate: fused('mlp.Wi', intermediate, 0, 2),
          inner: fused('mlp.Wi', intermediate, 1, 2),
          output: { weight: `${prefix}.mlp.Wo.weight`, out: hidden, input: intermediate },
        },
        mlpNorm: { weight: `${prefix}.mlp_norm.weight` },
      };
    }),
    finalNorm: { weight: 'model.final_norm.weight' },
    activation: a.activation ?? 'gelu',
    pooling: a.pooling ?? 'first',
    head: {
      dense: { weight: 'head.dense.weight', out: hidden, input: hidden },
      activation: 'gelu',
      norm: { weight: 'head.norm.weight' },
      classifier: { weight: 'classifier.weight', bias: 'classifier.bias', out: 1, input: hidden },
    },
  };
}
