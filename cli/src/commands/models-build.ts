import { Option } from 'commander';
import { type Comparison, compareWithSource } from '@sagemaker-reranker/inference/verify';
import type { ModelManifest } from '@sagemaker-reranker/models';
import { type WeightBits, buildModel } from '@sagemaker-reranker/models/build';
import { wholeNumber } from '../options.js';
import { weightBitsOption } from './weight-bits.js';
import { Command } from '../command.js';

interface BuildFlags {
  readonly precision: 'fp32' | 'int8';
  readonly embeddings: 'fp32' | 'int8';
  readonly weightBits?: WeightBits;
  readonly maxLength?: number;
  readonly name?: string;
  readonly out: string;
  readonly compare: boolean;
  readonly json?: boolean;
}

/** `reranker models build`: published weights, this project's graph. */
export function buildCommand(): Command {
  return new Command('build')
    .description(
      'Build a model directory from published weights (JinaBERT, or a BERT cross-encoder) and compare it with them.',
    )
    .argument(
      '<dir>',
      'directory with config.json, tokenizer.json and model.safetensors or an fp32 model.onnx',
    )
    .addOption(
      new Option('--precision <precision>', 'of weights and products')
        .choices(['fp32', 'int8'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--embeddings <precision>', 'of the word embedding table')
        .choices(['fp32', 'int8'])
        .default('fp32'),
    )
    .addOption(weightBitsOption())
    .option('--max-length <tokens>', 'longest pair; default: all the model allows', wholeNumber(8))
    .option('--name <name>', 'name in the manifest; default: that of the directory')
    .requiredOption('--out <dir>', 'directory to write; must not exist or be empty')
    .option('--no-compare', 'do not measure logits, speed and memory against the source')
    .option('--json', 'print manifest and comparison as JSON')
    .action(async (directory: string, flags: BuildFlags) => {
      const manifest = await buildModel({ ...flags, directory });
      const comparison = flags.compare ? await compareWithSource(directory, flags.out, manifest) : undefined;
      const text = flags.json
        ? JSON.stringify({ manifest, comparison }, null, 2)
        : report(flags.out, manifest, comparison);
      process.stdout.write(`${text}\n`);
    });
}

function report(out: string, manifest: ModelManifest, comparison: Comparison | undefined): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [
    `${out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, up to ${manifest.max_length} tokens`,
    ...manifest.files.map((file) => `  ${file.path}: ${megabytes(file.bytes)}`),
  ];
  if (comparison) {
    const { pairs, largestError, meanError, kendallTau, milliseconds, peakBytes } = comparison;
    const ratio = (a: number, b: number): string => `${(a / b).toFixed(2)}x`;
    lines.push(
      `against the source, over ${pairs} pairs of text:`,
      `  logit error: largest ${largestError.toExponential(2)}, mean ${meanError.toExponential(2)}`,
      `  Kendall tau of the rankings: ${kendallTau.toFixed(4)}`,
      `  16 x 128 tokens: ${milliseconds.built.toFixed(0)} ms, the source ${milliseconds.source.toFixed(0)} ms: ${ratio(milliseconds.source, milliseconds.built)} as fast`,
      `  peak memory: ${megabytes(peakBytes.built)}, the source ${megabytes(peakBytes.source)}: ${ratio(peakBytes.built, peakBytes.source)}`,
    );
  }
  return lines.join('\n');
}
