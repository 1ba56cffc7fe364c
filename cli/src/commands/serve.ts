import { spawn } from 'node:child_process';
import { CONTAINER_ENVIRONMENT, CONTAINER_FLAGS, containerEntry } from '@sagemaker-reranker/container';
import { ensureRuntime } from '@sagemaker-reranker/inference';
import { Command } from '../command.js';

/** `reranker serve`: the container's process with the terminal's input, output and signals. */
export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Run the container here: GET /ping, POST /invocations. Flags go to the container; serve --help lists them.',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[flags...]')
    .action((flags: string[]) => {
      if (!flags.some((flag) => flag === '--help' || flag === '-h')) ensureRuntime();
      const child = spawn(process.execPath, [...CONTAINER_FLAGS, containerEntry(), 'serve', ...flags], {
        env: { ...CONTAINER_ENVIRONMENT, ...process.env },
        // The channel tells the container when this process has gone, however it ended.
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      });
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
      child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
    });
}
