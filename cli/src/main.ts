import { explain } from '@sagemaker-reranker/models';
import { endWithNpm } from './end-with-npm.js';
import { createProgram } from './program.js';

endWithNpm();

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`reranker: ${explain(error)}\n`);
    process.exit(1);
  });
