import { Shapes } from '../encoder/weights.js';
import type { WeightReader } from '../encoder/weights.js';
import { Random } from '../random.js';
import type { Architecture } from '../registry.js';

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

/** Every weight of a JinaBERT cross-encoder with its shape, in the order of the published file. */
export function weightShapes(a: Architecture): Map<string, number[]> {
  const shapes = new Shapes(a);
  shapes.table(names.words, a.vocabulary);
  shapes.table(names.types, 2);
  shapes.norm(names.embeddingNorm);
  for (let i = 0; i < a.layers; i++) {
    const layer = layerNames(i);
    shapes.attention(layer);
    shapes.table(`${layer.gated}.weight`, 2 * a.intermediate);
    shapes.linear(layer.mlpOutput, a.hidden, a.intermediate);
    shapes.norm(layer.mlpNorm);
  }
  shapes.head(names);
  return shapes.all;
}

/**
 * Seeded random weights of the sizes given: products keep unit variance, so activations look like a trained model's in
 * magnitude and timings and quantisation errors are realistic. Each weight depends on the seed and its own name alone.
 */
export function randomWeights(a: Architecture, seed: number): WeightReader {
  const shapes = weightShapes(a);
  return (name) => {
    const shape = shapes.get(name);
    if (!shape) throw new RangeError(`no weight named ${name}`);
    const random = new Random(seed ^ hash(name));
    const length = shape.reduce((product, n) => product * n, 1);
    if (shape.length === 2) {
      const embedding = name === names.words || name === names.types;
      return random.array(length, embedding ? 0.05 : 1 / Math.sqrt(shape[1]));
    }
    const scale = /norm\.weight$/i.test(name);
    return random.array(length, scale ? 0.1 : 0.05, scale ? 1 : 0);
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * ALiBi slopes of `heads` attention heads: powers of 2^(-8/n) for the largest power of two n within `heads`, then every
 * other slope of the sequence for 2n. Source: Press et al. (arXiv 2108.12409) and its published implementation.
 */
export function alibiSlopes(heads: number): number[] {
  const n = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  const between = geometric(2 * n).filter((_, i) => i % 2 === 0);
  return [...geometric(n), ...between.slice(0, heads - n)];
}
