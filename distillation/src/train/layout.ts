import path from 'node:path';

/** Where SageMaker mounts what a training container reads and writes, unless a test says otherwise. */
export const SAGEMAKER_PREFIX = '/opt/ml';

/** Environment variable that names another prefix. */
export const PREFIX_VARIABLE = 'SAGEMAKER_PREFIX';

/** The directories and files of a training container; source: Amazon SageMaker's guide to training containers. */
export interface TrainingLayout {
  /** Hyperparameters, an object of strings. */
  readonly hyperparameters: string;
  /** One directory a channel. */
  readonly data: string;
  /** Copied to S3 while the job runs, and back before an interrupted one goes on. */
  readonly checkpoints: string;
  /** Becomes `model.tar.gz` when the job ends well. */
  readonly model: string;
  /** Its first 1,024 characters are the job's `FailureReason`. */
  readonly failure: string;
}

export function trainingLayout(prefix: string): TrainingLayout {
  const at = (...parts: string[]): string => path.resolve(prefix, ...parts);
  return {
    hyperparameters: at('input', 'config', 'hyperparameters.json'),
    data: at('input', 'data'),
    checkpoints: at('checkpoints'),
    model: at('model'),
    failure: at('output', 'failure'),
  };
}
