import { endWithNpm } from './end-with-npm.js';
import { describeFailure } from './failure.js';
import { createProgram } from './program.js';

endWithNpm();

const program = createProgram();

async function main(): Promise<void> {
  if (process.argv.includes('complete') || process.argv.includes('--help')) {
    // For shells alone, and published as an ES module only.
    const { default: complete } = await import('@bomb.sh/tab/commander');
    complete(program);
  }
  await program.parseAsync();
}

// A reader that has seen enough, as `head`, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
main().catch((error: unknown) => {
  const { verbose = false } = program.opts<{ verbose?: boolean }>();
  process.stderr.write(`reranker: ${describeFailure(error, verbose)}\n`);
  process.exit(1);
});
