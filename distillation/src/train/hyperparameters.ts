import { readFile } from 'node:fs/promises';
import { UsageError } from '@sagemaker-reranker/models';

/** What a training job is told besides its config. */
export interface Hyperparameters {
  /** The distillation's config, relative to the directory of the channels. */
  readonly config: string;
  /** Threads of ONNX Runtime; all when absent. */
  readonly threads?: number;
  /** Steps between two checkpoints. */
  readonly checkpointEvery?: number;
}

const DEFAULT_CONFIG = 'training/config.json';
const NAMES = ['config', 'threads', 'checkpoint-every'];
/** The SageMaker SDKs add hyperparameters of their own. */
const FOREIGN = /^(sagemaker_|_tuning_)/;

/**
 * Reads SageMaker's hyperparameters.json: an object whose values are all strings. A container started by hand may have
 * none.
 * @throws UsageError naming every one that is not known or not what it must be.
 */
export async function readHyperparameters(file: string): Promise<Hyperparameters> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file} must hold an object of strings`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(given)) {
    if (FOREIGN.test(name)) continue;
    if (!NAMES.includes(name)) faults.push(`${name} is not known (${NAMES.join(', ')})`);
    else if (typeof setting !== 'string') faults.push(`${name} must be a string, as SageMaker writes them`);
  }
  const count = (name: string): number | undefined => {
    const setting = given[name];
    if (typeof setting !== 'string') return undefined;
    if (!/^\d+$/.test(setting) || Number(setting) < 1) {
      faults.push(`${name} is ${JSON.stringify(setting)}; it must be a whole number of at least 1`);
    }
    return Number(setting);
  };
  const threads = count('threads');
  const checkpointEvery = count('checkpoint-every');
  if (given.config === '') faults.push(`config must name a file, for example ${DEFAULT_CONFIG}`);
  if (faults.length > 0) throw new UsageError(`${file}: ${faults.join('; ')}`);
  return {
    config: typeof given.config === 'string' ? given.config : DEFAULT_CONFIG,
    ...(threads !== undefined && { threads }),
    ...(checkpointEvery !== undefined && { checkpointEvery }),
  };
}
