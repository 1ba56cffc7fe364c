import path from 'node:path';
import {
  type BeirArchive,
  CUTOFF,
  type Collection,
  beirArchive,
  downloadBeir,
  readBeir,
} from '@sagemaker-reranker/evaluation';
import { UsageError } from '@sagemaker-reranker/models';
import { addEvalOptions, type EvalOptions } from './eval-options.js';
import { ProgressBar } from '../terminal/progress.js';
import { checkEvalOptions, runEvaluation } from './eval-run.js';
import { rerankersOf } from './eval-targets.js';
import { Command } from '../command.js';
import { append } from '../options.js';

interface BeirCommandOptions extends EvalOptions {
  readonly download?: readonly string[];
  readonly into: string;
  readonly split?: string;
}

export function evalBeirCommand(): Command {
  const command = new Command('beir')
    .description(
      'NDCG@10 and others on a collection in BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv.',
    )
    .argument('[dirs...]', 'directories of collections')
    .option(
      '--download <name>',
      'fetch the public collection of this name, such as scifact, unless it is there; repeatable',
      append,
    )
    .option('--into <dir>', 'directory that downloaded collections are kept in', 'build/beir')
    .option('--split <name>', 'judgements to use: qrels/NAME.tsv (default: test, or the only one)');
  return addEvalOptions(command, CUTOFF).action(
    async (directories: readonly string[], options: BeirCommandOptions) => {
      const { download = [], into, split, lenient } = options;
      const archives = download.map(beirArchive);
      const count = directories.length + archives.length;
      if (count === 0) throw new UsageError('name a directory, or a collection with --download');
      await checkEvalOptions(options, count);
      const rerankers = rerankersOf(options);
      const read = (directory: string): Promise<Collection> => readBeir(directory, { split, lenient });
      await runEvaluation(
        [
          ...directories.map((directory) => () => read(directory)),
          ...archives.map((archive) => async () => read(await downloaded(archive, into))),
        ],
        rerankers,
        options,
        ['ndcg'],
      );
    },
  );
}

async function downloaded(archive: BeirArchive, into: string): Promise<string> {
  const progress = new ProgressBar('MB');
  try {
    return await downloadBeir(archive, path.resolve(into), {
      onProgress: (bytes, total) => progress.update(bytes / 1e6, total && total / 1e6, archive.url),
    });
  } finally {
    progress.stop();
  }
}
