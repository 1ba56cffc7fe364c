import { Option } from 'commander';
import { buildTuned } from '@sagemaker-reranker/inference/verify';
import { PRECISIONS } from '@sagemaker-reranker/models';
import { type FetchOptions, fetchModel } from '@sagemaker-reranker/models/build';
import { ProgressBar } from '../terminal/progress.js';
import { weightBitsOption } from './weight-bits.js';
import { Command } from '../command.js';
import { print, tell } from '../terminal/out.js';

type FetchFlags = Pick<FetchOptions, 'revision' | 'out' | 'precision' | 'embeddings' | 'weightBits' | 'from'>;

/** `reranker models fetch`: from the model hub to a model directory. */
export function fetchCommand(): Command {
  const precision = (flags: string, what: string): Option =>
    new Option(flags, what).choices(PRECISIONS).default('fp32');
  return new Command('fetch')
    .description(
      'Fetch a model from the model hub and build its directory. HF_ENDPOINT names a mirror, HF_TOKEN an access token; an interrupted fetch resumes.',
    )
    .argument('<model>', 'variant (`reranker models list`) or hub id (owner/name)')
    .option('--revision <sha>', 'commit, tag or branch; default: the pinned commit of a variant, else main')
    .addOption(precision('--precision <precision>', 'of weights and products'))
    .addOption(
      new Option('--embeddings <precision>', 'of the word embedding table').choices(['fp32', 'int8']),
    )
    .addOption(weightBitsOption())
    .option('--from <dir>', 'directory that holds the files already: no network is used')
    .option('--out <dir>', 'directory to write; default: the name of the model')
    .action(async (model: string, flags: Partial<FetchFlags>) => {
      const progress = new ProgressBar('MB');
      const arrived = new Map<string, number>();
      const total = new Map<string, number>();
      const out = flags.out ?? model.split('/').at(-1)!;
      try {
        const manifest = await fetchModel({
          ...flags,
          model,
          out,
          // int8 is tuned on the package's sample texts.
          build: async (options) => (await buildTuned({ ...options, compare: false })).manifest,
          onNote: tell,
          onProgress: (file, bytes) => {
            arrived.set(file.path, bytes / 1e6);
            total.set(file.path, file.bytes / 1e6);
            progress.update(sum(arrived), sum(total), file.path);
          },
        });
        const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
        print(
          `${out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, ${bytes} bytes`,
        );
      } finally {
        progress.stop();
      }
    });
}

const sum = (values: ReadonlyMap<string, number>): number => [...values.values()].reduce((a, b) => a + b, 0);
