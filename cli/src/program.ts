import { fetchMissingRuntime } from '@sagemaker-reranker/inference';
import { packageVersion } from '@sagemaker-reranker/models';
import { Command } from './command.js';
import { completeCommand } from './commands/complete.js';
import { costCommand } from './commands/cost.js';
import { demoCommand } from './commands/demo.js';
import { evalCommand } from './commands/eval.js';
import { localCommand } from './commands/local.js';
import { modelsCommand } from './commands/models.js';
import { rehearseCommand } from './commands/rehearse.js';
import { rerankCommand } from './commands/rerank.js';
import { serveCommand } from './commands/serve.js';
import { trainCommand } from './commands/train.js';
import { tuneCommand } from './commands/tune.js';
import { tell } from './terminal/out.js';

/** The `reranker` command: wiring over the other packages, nothing of its own. */
export function createProgram(): Command {
  fetchMissingRuntime(tell);
  const program = new Command('reranker')
    .description('Run a Jina reranker on AWS SageMaker, or here.')
    .version(packageVersion().version)
    .option('--verbose', 'tell of a failure all that is known, and of "local" all that its container logs')
    .showHelpAfterError('(--help shows what is allowed)');
  for (const command of [
    demoCommand,
    localCommand,
    rerankCommand,
    evalCommand,
    modelsCommand,
    costCommand,
    rehearseCommand,
    serveCommand,
    tuneCommand,
    trainCommand,
    completeCommand,
  ]) {
    program.addCommand(command());
  }
  return program;
}
