import path from 'node:path';
import { Pair } from '@sagemaker-reranker/inference';
import { type ModelManifest, Random, type VariantId } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import type { Report } from '../suite.js';

export interface Setting {
  /** An empty directory, removed afterwards. */
  readonly directory: string;
  readonly report: Report;
  readonly note: (line: string) => void;
}

export const THREADS = 2;
export const SEED = 7;

interface Synthesized {
  readonly manifest: ModelManifest;
  /** Path of the ONNX file. */
  readonly model: string;
}

/** A full-size model with seeded random weights. */
export async function synthesized(
  { directory, note }: Setting,
  model: VariantId,
  precision: 'fp32' | 'int8',
): Promise<Synthesized> {
  const out = path.join(directory, `${model}-${precision}`);
  note(`writing ${model}, ${precision}`);
  const manifest = await synthesizeModel({ model, precision, seed: SEED, out });
  return { manifest, model: path.join(out, manifest.model) };
}

/** Pairs of random tokens, of `least` to `most` tokens; ids that every variant embeds, past the special tokens. */
export function randomPairs(count: number, least: number, most = least, ids = 17_000): Pair[] {
  const random = new Random(SEED);
  return Array.from({ length: count }, () => {
    const length = least + random.below(most - least + 1);
    return Pair.ofIds(Int32Array.from({ length }, () => 4 + random.below(ids)));
  });
}
