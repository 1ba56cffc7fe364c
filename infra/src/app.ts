import { App } from 'aws-cdk-lib';
import { ConfigurationError } from './common/configuration-error.js';
import { readContext, stackName } from './stack/context.js';
import { RerankerStack } from './stack/reranker-stack.js';

try {
  const app = new App();
  const context = readContext(app.node);
  new RerankerStack(app, stackName(context), {
    context,
    // From the CLI's credentials; without any, the stack is synthesized for whichever account deploys it.
    env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
  });
  app.synth();
} catch (error) {
  // The message names what to change; a stack trace would bury it.
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  // At once: an App left alone is synthesized as the process ends, and would warn of the half-built stack.
  process.exit(1);
}
