import path from 'node:path';
import { CUTOFF, beirArchive, downloadBeir, readBeir } from '@sagemaker-reranker/evaluation';
import { UsageError } from '@sagemaker-reranker/models';
import { addEvalOptions, type EvalOptions } from './eval-options.js';
import { ProgressBar } from '../terminal/progress.js';
import { checkEvalOptions, runEvaluation } from './eval-run.js';
import { rerankersOf } from './eval-targets.js';
import { Command } from '../command.js';

interface BeirCommandOptions extends EvalOptions {
  readonly download?: string;
  readonly into: string;
  readonly split?: string;
}

export function evalBeirCommand(): Command {
  const command = new Command('beir')
    .description(
      'NDCG@10 and others on a collection in BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv.',
    )
    .argument('[dir]', 'directory of the collection')
    .option(
      '--download <name>',
      'fetch the public collection of this name, such as scifact, unless it is there',
    )
    .option('--into <dir>', 'directory that downloaded collections are kept in', 'build/beir')
    .option('--split <name>', 'judgements to use: qrels/NAME.tsv (default: test, or the only one)');
  return addEvalOptions(command, CUTOFF).action(
    async (directory: string | undefined, options: BeirCommandOptions) => {
      await checkEvalOptions(options);
      const rerankers = rerankersOf(options);
      const collection = await readBeir(await locate(directory, options), {
        ...(options.split !== undefined && { split: options.split }),
        ...(options.lenient && { lenient: true }),
      });
      await runEvaluation(collection, rerankers, options, ['ndcg']);
    },
  );
}

async function locate(
  directory: string | undefined,
  { download, into }: BeirCommandOptions,
): Promise<string> {
  if ((directory === undefined) === (download === undefined)) {
    throw new UsageError('name a directory, or a collection with --download: one of them');
  }
  if (directory !== undefined) return directory;
  const archive = beirArchive(download!);
  const progress = new ProgressBar('MB');
  try {
    return await downloadBeir(archive, path.resolve(into), {
      onProgress: (bytes, total) => progress.update(bytes / 1e6, total && total / 1e6, archive.url),
    });
  } finally {
    progress.stop();
  }
}
