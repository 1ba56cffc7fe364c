import { INSTANCE_OVERHEAD_MIB, type InstanceType } from '@sagemaker-reranker/cost';
import type { ModelFigures } from '@sagemaker-reranker/models';
import { neededMib } from './sizing.js';

/**
 * Threads of an inference process where throughput was measured: every file of cost/measurements is of one process with a
 * thread for each of the machine's 2 vCPUs. Nothing is known of more threads.
 */
export const MEASURED_THREADS = 2;
/** What the container takes. */
const MOST_WORKERS = 64;

/** How a container divides its vCPUs: `RERANKER_WORKERS` and `RERANKER_THREADS`. */
export interface WorkerSettings {
  /** Inference processes, each with a copy of every model. */
  readonly workers: number;
  /** Threads of each. */
  readonly threads: number;
}

/**
 * Processes and threads of a container on an instance. The shape that was measured is repeated over the vCPUs, so that
 * throughput grows with them as its estimate assumes, as far as memory holds the models once for each process; fewer processes divide
 * the vCPUs evenly, so that none is idle.
 * @param share Part of the instance that the container has.
 * @param workers Processes that were asked for, instead.
 */
export function workerSettings(
  models: readonly ModelFigures[],
  { vcpus, memoryMib }: Pick<InstanceType, 'vcpus' | 'memoryMib'>,
  { share = 1, workers }: { readonly share?: number; readonly workers?: number } = {},
): WorkerSettings {
  const cores = Math.max(1, Math.floor(share * vcpus));
  const room = share * (memoryMib - INSTANCE_OVERHEAD_MIB);
  let processes = workers ?? Math.min(MOST_WORKERS, Math.max(1, Math.floor(cores / MEASURED_THREADS)));
  const fits = (): boolean => neededMib(models, processes) <= room && cores % processes === 0;
  while (workers === undefined && processes > 1 && !fits()) processes -= 1;
  return { workers: processes, threads: Math.max(1, Math.floor(cores / processes)) };
}
