import { explain } from '@sagemaker-reranker/models';
import { createProgram } from './program.js';

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`reranker: ${explain(error)}\n`);
    process.exit(1);
  });
