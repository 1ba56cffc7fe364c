#!/usr/bin/env node
/** The `reranker` command: wiring over the other folders, nothing of its own. */
import { Command } from 'commander';
import { costCommand } from './commands/cost';
import { evalCommand } from './commands/eval';
import { localCommand } from './commands/local';
import { modelsCommand } from './commands/models';
import { rerankCommand } from './commands/rerank';
import { serveCommand } from './commands/serve';
import { trainCommand } from './commands/train';
import { tuneCommand } from './commands/tune';
import { explain } from './failure';
import { packageVersion } from '../models';

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
