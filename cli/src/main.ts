import { endWithNpm } from './end-with-npm.js';
import { describeFailure } from './failure.js';
import { createProgram } from './program.js';
import { tell } from './terminal/out.js';

endWithNpm();

const program = createProgram();

// A reader that has seen enough, as `head`, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
program.parseAsync().catch((error: unknown) => {
  const { verbose = false } = program.opts<{ verbose?: boolean }>();
  tell(`reranker: ${describeFailure(error, verbose)}`);
  process.exit(1);
});
