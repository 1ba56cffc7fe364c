import path from 'node:path';
import type { Architecture } from '../architecture.js';
import { writeModelDirectory } from './directory.js';
import type { Precision } from '../encoder/quantization.js';
import type { ModelManifest } from './manifest.js';
import { embeddedModelDirectory } from '../package-root.js';
import { VARIANTS } from '../registry.js';
import type { VariantId } from '../registry.js';
import { randomWeights } from '../structures/random-weights.js';

export interface SynthesizeOptions {
  /** A registry variant, or sizes of one's own. */
  readonly model: VariantId | Architecture;
  /** Any 32-bit integer; the same seed gives the same bytes on every machine. */
  readonly seed: number;
  /** Directory to write; must not exist or be empty. */
  readonly out: string;
  /** Default: fp32. */
  readonly precision?: Precision;
  /** Default: fp32. */
  readonly embeddings?: 'fp32' | 'int8';
  /** Token type id of the document. Default: the variant's; 0 for sizes of one's own. */
  readonly documentType?: 0 | 1;
  /** Longest pair in tokens. Default: the variant's; 8,192 for sizes of one's own. */
  readonly maxLength?: number;
  /** Default: the embedded model's tokenizer, whose ids fit every variant. */
  readonly tokenizerFile?: string;
}

/**
 * Writes a full-size model directory with seeded random weights: its scores mean nothing, but its speed, memory and
 * shapes are the real model's, so it serves sizing, load tests and benchmarks where no download is possible.
 * @throws ModelError as `writeModelDirectory`.
 */
export async function synthesizeModel(options: SynthesizeOptions): Promise<ModelManifest> {
  const variant = typeof options.model === 'string' ? VARIANTS[options.model] : undefined;
  const architecture =
    typeof options.model === 'string' ? VARIANTS[options.model].architecture : options.model;
  return writeModelDirectory(options.out, {
    name: `${variant?.id ?? 'custom'}-synthesized`,
    variant: variant?.id,
    source: { kind: 'synthesized', seed: options.seed },
    architecture,
    weights: randomWeights(architecture, options.seed),
    precision: options.precision ?? 'fp32',
    embeddings: options.embeddings,
    maxLength: options.maxLength ?? variant?.contextTokens ?? 8192,
    documentType: options.documentType ?? variant?.documentType ?? 0,
    tokenizerFile: options.tokenizerFile ?? path.join(embeddedModelDirectory(), 'tokenizer.json'),
  });
}
