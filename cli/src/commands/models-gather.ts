import { UsageError } from '@sagemaker-reranker/models';
import { Command } from '../command.js';
import { print, tell } from '../terminal/out.js';

interface GatherFlags {
  readonly out: string;
  readonly sources?: string;
}

/** `reranker models gather`: a corpus for `reranker models distil` from directories of documents, or from packages. */
export function gatherCommand(): Command {
  return new Command('gather')
    .description(
      'Cut documents into passages, a corpus for `models distil`: HTML, DocBook, Markdown, plain text, manual pages, PDF, Python docstrings, dictionaries.',
    )
    .argument('[directories...]', 'where the documents are')
    .requiredOption('--out <path>', 'file of the corpus; with --sources a directory of them')
    .option('--sources <file>', 'gather the Debian packages that this JSON file lists, kind by kind')
    .action(async (directories: string[], { out, sources }: GatherFlags) => {
      if ((sources === undefined) === (directories.length === 0))
        throw new UsageError('name directories, or a list of packages with --sources: one of them');
      // Loaded when it is wanted: every other command starts sooner without it.
      const { gatherSources, gatherTexts, readSources } = await import('@sagemaker-reranker/distillation');
      if (sources === undefined) {
        const count = await gatherTexts(directories, out);
        print(`${out}: ${count} passages`);
        return;
      }
      for await (const { kind, records, without } of gatherSources(await readSources(sources), out)) {
        for (const reason of without) tell(`left out ${reason}`);
        print(`${kind}: ${records} passages`);
      }
    });
}
