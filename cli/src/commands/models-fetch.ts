import { MultiBar, Presets } from 'cli-progress';
import type { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { type FetchOptions, type RemoteFile, fetchModel } from '@sagemaker-reranker/models/build';
import { weightBitsOption } from './weight-bits.js';

type FetchFlags = Pick<FetchOptions, 'revision' | 'out' | 'precision' | 'embeddings' | 'weightBits' | 'from'>;

/** `reranker models fetch`: from the model hub to a model directory. */
export function fetchCommand(): Command {
  const precision = (flags: string, what: string): Option =>
    new Option(flags, what).choices(['fp32', 'int8']).default('fp32');
  return new Command('fetch')
    .description(
      'Fetch a model from the model hub and build its directory. HF_ENDPOINT names a mirror, HF_TOKEN an access token; an interrupted fetch resumes.',
    )
    .argument('<model>', 'variant (turbo, tiny) or hub id (owner/name)')
    .option('--revision <sha>', 'commit, tag or branch; default: the pinned commit of a variant, else main')
    .addOption(precision('--precision <precision>', 'of weights and products'))
    .addOption(precision('--embeddings <precision>', 'of the word embedding table'))
    .addOption(weightBitsOption())
    .option('--from <dir>', 'directory that holds the files already: no network is used')
    .option('--out <dir>', 'directory to write; default: the name of the model')
    .action(async (model: string, flags: Partial<FetchFlags>) => {
      const progress = process.stderr.isTTY ? new Bars() : new Lines();
      const out = flags.out ?? model.split('/').at(-1)!;
      try {
        const manifest = await fetchModel({
          ...flags,
          model,
          out,
          onProgress: (file, bytes) => progress.update(file, bytes),
        });
        progress.stop();
        const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
        process.stdout.write(
          `${out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, ${bytes} bytes\n`,
        );
      } finally {
        progress.stop();
      }
    });
}

class Bars {
  private readonly bars = new MultiBar(
    { format: '{bar} {percentage}% {value}/{total} bytes {file}', stream: process.stderr },
    Presets.shades_classic,
  );
  private readonly byFile = new Map<string, SingleBar>();

  update(file: RemoteFile, bytes: number): void {
    const bar = this.byFile.get(file.path) ?? this.bars.create(file.bytes, 0, { file: file.path });
    this.byFile.set(file.path, bar);
    bar.update(bytes);
  }

  stop(): void {
    this.bars.stop();
  }
}

/** A line a file and tenth, where there is no terminal. */
class Lines {
  private readonly tenths = new Map<string, number>();

  update(file: RemoteFile, bytes: number): void {
    const tenth = Math.floor((10 * bytes) / file.bytes);
    if ((this.tenths.get(file.path) ?? -1) >= tenth) return;
    this.tenths.set(file.path, tenth);
    process.stderr.write(`${file.path}: ${10 * tenth}% of ${file.bytes} bytes\n`);
  }

  stop(): void {
    // Lines need no end.
  }
}
