import { ensureRuntime } from '@sagemaker-reranker/inference';
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

/** Commands that run a model, whose processes load ONNX Runtime. */
const RUN_A_MODEL = [
  'beir',
  'build',
  'demo',
  'distil',
  'local',
  'measure',
  'rag',
  'rerank',
  'serve',
  'train',
  'tune',
  'verify',
];

/** The `reranker` command: wiring over the other packages, nothing of its own. */
export function createProgram(): Command {
  const program = new Command('reranker')
    .description('Run a Jina reranker on AWS SageMaker, or here.')
    .version(packageVersion().version)
    .option('--verbose', 'tell of a failure all that is known')
    .showHelpAfterError('(--help shows what is allowed)')
    .hook('preAction', (_, command) => {
      if (RUN_A_MODEL.includes(command.name())) ensureRuntime((line) => process.stderr.write(`${line}\n`));
    });
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
