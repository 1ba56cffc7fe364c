import type { Architecture } from '../architecture.js';
import { weightsOf } from '../encoder/spec.js';
import type { WeightReader } from '../encoder/weights.js';
import { Random } from '../common/random.js';
import { specOf } from './structures.js';

/**
 * Seeded random weights of the sizes given: products keep unit variance, so activations look like a trained model's in
 * magnitude and timings and quantisation errors are realistic. Each weight depends on the seed and its own name alone.
 */
export function randomWeights(a: Architecture, seed: number): WeightReader {
  const weights = weightsOf(specOf(a));
  return (name) => {
    const weight = weights.get(name);
    if (!weight) throw new RangeError(`no weight named ${name}`);
    const { shape, kind } = weight;
    const random = new Random(seed ^ hash(name));
    const length = shape.reduce((product, n) => product * n, 1);
    if (kind === 'linear') return random.array(length, 1 / Math.sqrt(shape[1]!));
    return random.array(length, kind === 'norm' ? 0.1 : 0.05, kind === 'norm' ? 1 : 0);
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
