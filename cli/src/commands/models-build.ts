import { Option } from 'commander';
import { type TunedBuild, buildTuned, readSamples } from '@sagemaker-reranker/inference/verify';
import { PRECISIONS, type Precision } from '@sagemaker-reranker/models';
import type { WeightBits } from '@sagemaker-reranker/models/build';
import { wholeNumber } from '../options.js';
import { weightBitsOption } from './weight-bits.js';
import { ProgressBar } from '../terminal/progress.js';
import { Command } from '../command.js';
import { json, print } from '../terminal/out.js';

interface BuildFlags {
  readonly precision: Precision | 'auto';
  readonly embeddings?: 'fp32' | 'int8';
  readonly sample?: string;
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
      'Build a model directory from published weights of a cross-encoder and compare it with them.',
    )
    .argument(
      '<dir>',
      'directory with config.json, tokenizer.json and model.safetensors or an fp32 model.onnx',
    )
    .addOption(
      new Option(
        '--precision <precision>',
        'of weights and products; auto: the fastest that keeps the ranking of the samples',
      )
        .choices(['auto', ...PRECISIONS])
        .default('auto'),
    )
    .addOption(
      new Option('--embeddings <precision>', 'of the word embedding table').choices(['fp32', 'int8']),
    )
    .option('--sample <file>', 'texts that int8 is tuned on and judged by, JSON lines of query and documents')
    .addOption(weightBitsOption())
    .option('--max-length <tokens>', 'longest pair; default: all the model allows', wholeNumber(8))
    .option('--name <name>', 'name in the manifest; default: that of the directory')
    .requiredOption('--out <dir>', 'directory to write; must not exist or be empty')
    .option('--no-compare', 'do not measure logits, speed and memory against the source')
    .option('--json', 'print manifest and comparison as JSON')
    .action(async (directory: string, { sample, ...flags }: BuildFlags) => {
      const samples = sample === undefined ? undefined : await readSamples(sample);
      const started = performance.now();
      const progress = new ProgressBar('ways to round');
      const onProgress = (done: number, total: number): void => progress.update(done, total);
      const result = await buildTuned({ ...flags, directory, samples, onProgress }).finally(() =>
        progress.stop(),
      );
      const seconds = (performance.now() - started) / 1000;
      const text = flags.json ? json(result) : report(flags.out, result, seconds);
      print(text);
    });
}

function report(out: string, { manifest, comparison, reason }: TunedBuild, seconds: number): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [
    `${out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, up to ${manifest.max_length} tokens, in ${seconds.toFixed(0)} s`,
    ...manifest.files.map((file) => `  ${file.path}: ${megabytes(file.bytes)}`),
  ];
  if (reason !== undefined) lines.push(`precision chosen: ${reason}`);
  if (comparison) {
    const { pairs, largestError, rmsError, deviation, kendallTau, queries, sameFirst } = comparison;
    const { milliseconds, peakBytes } = comparison;
    const ratio = (a: number, b: number): string => `${(a / b).toFixed(2)}x`;
    lines.push(
      `against fp32, over ${pairs} pairs of text:`,
      `  logit error: largest ${largestError.toExponential(2)}, rms ${rmsError.toExponential(2)}, ${(rmsError / deviation).toFixed(4)} of the logits' deviation`,
      `  Kendall tau of the rankings: ${kendallTau.toFixed(4)}; same first document: ${sameFirst} of ${queries} queries`,
      `  16 x 128 tokens: ${milliseconds.built.toFixed(0)} ms, the source ${milliseconds.source.toFixed(0)} ms: ${ratio(milliseconds.source, milliseconds.built)} as fast`,
      `  peak memory: ${megabytes(peakBytes.built)}, the source ${megabytes(peakBytes.source)}: ${ratio(peakBytes.built, peakBytes.source)}`,
    );
  }
  return lines.join('\n');
}
