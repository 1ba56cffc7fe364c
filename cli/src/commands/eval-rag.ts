import { RAG_CUTOFF, readRag } from '@sagemaker-reranker/evaluation';
import { addEvalOptions, type EvalOptions } from './eval-options.js';
import { checkEvalOptions, runEvaluation } from './eval-run.js';
import { rerankersOf } from './eval-targets.js';
import { Command } from '../command.js';

interface RagCommandOptions extends EvalOptions {
  readonly corpus?: string;
}

export function evalRagCommand(): Command {
  const command = new Command('rag')
    .description(
      "LlamaIndex's hit rate and MRR: a dataset it saved ({queries, corpus, relevant_docs}), or JSON lines of {query, expected_ids}.",
    )
    .argument('<files...>', 'datasets, or lines of query and expected_ids')
    .option('--corpus <file>', 'JSON lines of {_id, text}: the documents, where the files hold lines');
  return addEvalOptions(command, RAG_CUTOFF).action(
    async (files: readonly string[], options: RagCommandOptions) => {
      await checkEvalOptions(options, files.length);
      const { corpus, lenient } = options;
      await runEvaluation(
        files.map((file) => () => readRag(file, { corpus, lenient })),
        rerankersOf(options),
        options,
        ['hitRate', 'mrr'],
      );
    },
  );
}
