import { INSTANCE_OVERHEAD_MIB, type InstanceType, processesWithin } from '@sagemaker-reranker/cost';
import type { ModelFigures } from '@sagemaker-reranker/models';
import { neededMib } from './sizing.js';

/** How a container divides its vCPUs: `RERANKER_WORKERS` and `RERANKER_THREADS`. */
export interface WorkerSettings {
  /** Inference processes, each with a copy of every model. */
  readonly workers: number;
  /** Threads of each. */
  readonly threads: number;
}

/**
 * Processes and threads of a container on an instance. A process of one thread for each vCPU, as was measured
 * to be fastest on 2 (docs/decisions/threads.md), so that throughput grows with them as its estimate assumes; fewer with more threads
 * where memory does not hold the models so often.
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
  const processes = workers ?? processesWithin(cores, room, (count) => neededMib(models, count));
  return { workers: processes, threads: Math.max(1, Math.floor(cores / processes)) };
}
