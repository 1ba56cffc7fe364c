#!/usr/bin/env node
/** The `reranker` command: wiring over the other folders, nothing of its own. */
import { Command } from 'commander';
import { costCommand } from './commands/cost.js';
import { evalCommand } from './commands/eval.js';
import { localCommand } from './commands/local.js';
import { modelsCommand } from './commands/models.js';
import { rerankCommand } from './commands/rerank.js';
import { serveCommand } from './commands/serve.js';
import { trainCommand } from './commands/train.js';
import { tuneCommand } from './commands/tune.js';
import { explain, packageVersion } from '@sagemaker-reranker/models';

async function main(): Promise<void> {
  const program = new Command('reranker')
    .description('Run a Jina reranker on AWS SageMaker, or here.')
    .version(packageVersion().version)
    .showHelpAfterError('(--help shows what is allowed)');
  for (const command of [
    serveCommand,
    tuneCommand,
    localCommand,
    rerankCommand,
    modelsCommand,
    trainCommand,
    evalCommand,
    costCommand,
  ]) {
    program.addCommand(command());
  }
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`reranker: ${explain(error)}\n`);
  process.exit(1);
});
