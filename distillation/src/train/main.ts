#!/usr/bin/env node
/** The training container's process: SageMaker runs the image with the argument `train`. */
import { PREFIX_VARIABLE, SAGEMAKER_PREFIX } from './layout.js';
import { train } from './train.js';

const [command, ...more] = process.argv.slice(2);
if (command !== 'train' || more.length > 0) {
  process.stderr.write(
    `reranker: expected the one command train, got ${JSON.stringify(process.argv.slice(2).join(' '))}\n`,
  );
  process.exitCode = 2;
} else {
  void train(process.env[PREFIX_VARIABLE] ?? SAGEMAKER_PREFIX).then((status) => process.exit(status));
}
