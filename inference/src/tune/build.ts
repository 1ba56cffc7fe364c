import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelManifest, Precision } from '@sagemaker-reranker/models';
import {
  type BuildOptions,
  type Quantization,
  buildModel,
  openPublished,
} from '@sagemaker-reranker/models/build';
import { PairEncoder } from '../pair-encoder.js';
import type { Pair } from '../pair.js';
import type { Comparison } from '../verify/compare.js';
import { compareWithSource } from '../verify/compare-with-source.js';
import { type SampleGroup, packagedSamples } from './samples.js';
import { tuneQuantization } from './tune.js';

/** What a ranking has to keep for int8 to be taken: rank correlation, and queries whose first document stays the first. */
export const KEEPS = { kendallTau: 0.96, sameFirst: 28 / 30 } as const;

export interface TunedBuildOptions extends Omit<BuildOptions, 'precision' | 'quantization'> {
  /** `auto`: int8 where it keeps the ranking of the samples and is faster than fp32, else fp32. */
  readonly precision: Precision | 'auto';
  /** Texts that int8 is tuned on and judged by. Default: those of the package. */
  readonly samples?: readonly SampleGroup[];
  /** Whether the result is measured against its source; `auto` always is. Default: true. */
  readonly compare?: boolean;
  /** Activations whose rounding has been tried. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface TunedBuild {
  readonly manifest: ModelManifest;
  readonly comparison?: Comparison;
  /** Of `auto`: why the precision is what it is. */
  readonly reason?: string;
}

/**
 * Builds a model directory from published files; an int8 one with the precision of each product chosen by what rounding does
 * to the logits of the samples.
 * @throws ModelError as `buildModel` and `tuneQuantization`.
 */
export async function buildTuned(options: TunedBuildOptions): Promise<TunedBuild> {
  const { precision, samples = packagedSamples(), compare = true, onProgress, ...build } = options;
  const { directory, out } = build;
  const judge = (manifest: ModelManifest): Promise<Comparison> =>
    compareWithSource(directory, out, manifest, samples);
  if (precision !== 'auto' && precision !== 'int8') {
    const manifest = await buildModel({ ...build, precision });
    return { manifest, comparison: compare ? await judge(manifest) : undefined };
  }
  const quantization = await tuned(build, samples, onProgress);
  const manifest = await buildModel({ ...build, precision: 'int8', quantization });
  if (precision === 'int8') return { manifest, comparison: compare ? await judge(manifest) : undefined };
  const comparison = await judge(manifest);
  const fault = whyNot(comparison);
  if (fault === undefined) return { manifest, comparison, reason: 'int8 keeps the ranking of the samples' };
  await rm(out, { recursive: true });
  const exact = await buildModel({ ...build, precision: 'fp32', weightBits: undefined });
  return { manifest: exact, comparison: await judge(exact), reason: `fp32, because of int8 ${fault}` };
}

function whyNot({ kendallTau, sameFirst, queries, milliseconds }: Comparison): string | undefined {
  if (kendallTau < KEEPS.kendallTau)
    return `the rank correlation is ${kendallTau.toFixed(3)}, below ${KEEPS.kendallTau}`;
  if (sameFirst < KEEPS.sameFirst * queries)
    return `${queries - sameFirst} of ${queries} queries have another first document`;
  if (milliseconds.built >= milliseconds.source) return 'the time is not less';
  return undefined;
}

async function tuned(
  build: Omit<BuildOptions, 'precision'>,
  samples: readonly SampleGroup[],
  onProgress: TunedBuildOptions['onProgress'],
): Promise<Quantization> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-build-'));
  const published = await openPublished(build.directory);
  try {
    // A manifest and a tokenizer are wanted, whatever becomes of the weights.
    const out = path.join(directory, 'fp32');
    const manifest = await buildModel({ ...build, out, precision: 'fp32', weightBits: undefined });
    const encoder = new PairEncoder(
      path.join(out, manifest.tokenizer.path),
      manifest.pair_template,
      manifest.max_length,
    );
    const pairs: Pair[] = [];
    for (const { query, documents } of samples) {
      for (const document of documents) pairs.push(await encoder.encode({ query, document }));
    }
    const { quantization } = await tuneQuantization(published, manifest, pairs, {
      weightBits: build.weightBits,
      threads: availableParallelism(),
      onProgress,
    });
    return quantization;
  } finally {
    published.close();
    await rm(directory, { recursive: true, force: true });
  }
}
