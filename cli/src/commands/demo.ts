import { Command } from '../command.js';
import { runDemo } from '../demo/run.js';

/** `reranker demo`: what reranking does to thirty questions over the shipped passages. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Rank passages for thirty questions with BM25, the embedded model and both, and compare.')
    .option('--model <dir>', 'model directory instead of the embedded model')
    .action(({ model }: { model?: string }) => runDemo(model));
}
