import { evalBeirCommand } from './eval-beir.js';
import { evalRagCommand } from './eval-rag.js';
import { Command } from '../command.js';

/** `reranker eval`: how good a reranker is on judged collections. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('Measure rerankers against a first stage on a judged collection.')
    .addCommand(evalBeirCommand())
    .addCommand(evalRagCommand());
}
