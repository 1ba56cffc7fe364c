import { version } from 'aws-cdk-lib/package.json';

/** The first that has all that the constructs use. Any version may be installed, so that an install never fails. */
const LEAST = [2, 257];

const found = version.split('.').map(Number);
if (found[0]! < LEAST[0]! || (found[0] === LEAST[0] && found[1]! < LEAST[1]!)) {
  // One line, without the stack of whoever loads the package.
  const error = new Error(
    `@sagemaker-reranker/infra needs aws-cdk-lib ${LEAST.join('.')} or newer; this is ${version}: npm install aws-cdk-lib@latest constructs@latest`,
  );
  error.stack = error.message;
  throw error;
}
