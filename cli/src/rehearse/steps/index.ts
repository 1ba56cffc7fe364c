import { asynchronousSteps } from './asynchronous.js';
import { inferenceComponentsSteps } from './inference-components.js';
import { multiModelSteps } from './multi-model.js';
import { realTimeSteps } from './real-time.js';
import { rollBackSteps } from './roll-back.js';
import { scalingSteps } from './scaling.js';
import { serverlessSteps } from './serverless.js';
import type { Step } from './step.js';

export type { Step } from './step.js';

/** What a rehearsal tries, in order. */
export const STEPS: readonly Step[] = [
  ...realTimeSteps,
  ...rollBackSteps,
  ...scalingSteps,
  ...asynchronousSteps,
  ...serverlessSteps,
  ...multiModelSteps,
  ...inferenceComponentsSteps,
];
