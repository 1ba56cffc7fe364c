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
    .argument('<file>', 'dataset, or lines of query and expected_ids')
    .option('--corpus <file>', 'JSON lines of {_id, text}: the documents, where <file> holds lines');
  return addEvalOptions(command, RAG_CUTOFF).action(async (file: string, options: RagCommandOptions) => {
    await checkEvalOptions(options);
    const rerankers = rerankersOf(options);
    const collection = await readRag(file, {
      ...(options.corpus !== undefined && { corpus: options.corpus }),
      ...(options.lenient && { lenient: true }),
    });
    await runEvaluation(collection, rerankers, options, ['hitRate', 'mrr']);
  });
}
