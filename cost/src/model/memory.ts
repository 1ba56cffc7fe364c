import {
  MOST_PROCESSES,
  type ModelFigures,
  SERVER_BYTES,
  batchBytes,
  loadedBytes,
} from '@sagemaker-reranker/models';
import type { Figure } from '../types.js';

const MEBI = 1024 * 1024;

/** Where the memory figures come from. */
export const MEMORY_BASIS = {
  date: '2026-11',
  how: "the container's own bounds on its resident memory, measured with every structure on onnxruntime-node 1.30, 2 cores: 90 MiB and the weights for an inference process, those of products once more where they are inside the ONNX file, and the batch of the longest pair",
};

const SERVER_MIB = (SERVER_BYTES.process + SERVER_BYTES.bodies) / MEBI;
/** What SageMaker's agents and the operating system take of an instance. Estimated: no public figure. */
export const INSTANCE_OVERHEAD_MIB = 768;

/**
 * Memory that the container needs to answer the longest pair, in MiB.
 * @param workers Inference processes, each with its own copy of the model.
 */
export function containerMemoryMib(models: readonly ModelFigures[], workers = 1): number {
  const perWorker = models.map(
    (model) => (loadedBytes(model, model.weightsBytes) + batchBytes(model, 1, model.maxLength)) / MEBI,
  );
  return Math.ceil(SERVER_MIB + workers * perWorker.reduce((sum, mib) => sum + mib, 0));
}

/**
 * Inference processes of a container: one for each of its cores, as far as memory holds the models once for each; fewer divide
 * the cores evenly, so that none is idle.
 * @param room MiB that the container has
 * @param needed MiB that it needs with so many processes
 */
export function processesWithin(cores: number, room: number, needed: (processes: number) => number): number {
  let processes = Math.max(1, Math.min(MOST_PROCESSES, cores));
  while (processes > 1 && (needed(processes) > room || cores % processes > 0)) processes -= 1;
  return processes;
}

/** The same of an instance that serves one model. */
export function processesOn(
  model: ModelFigures,
  { vcpus, memoryMib }: { readonly vcpus: number; readonly memoryMib: number },
): number {
  const room = memoryMib - INSTANCE_OVERHEAD_MIB;
  return processesWithin(vcpus, room, (processes) => containerMemoryMib([model], processes));
}

/** Memory sizes that serverless endpoints come in, in MB. */
export const SERVERLESS_MEMORY_MB = [1024, 2048, 3072, 4096, 5120, 6144] as const;
export type ServerlessMemoryMb = (typeof SERVERLESS_MEMORY_MB)[number];

/** Memory that stays free beside the models on an instance or in a serverless size, in MiB; negative: they do not fit. */
export function memoryHeadroom(
  place: { readonly memoryMib: number } | { readonly serverlessMb: number },
  models: readonly ModelFigures[],
  workers = 1,
): Figure {
  const room = 'memoryMib' in place ? place.memoryMib - INSTANCE_OVERHEAD_MIB : place.serverlessMb;
  return {
    value: room - containerMemoryMib(models, workers),
    basis: 'estimated',
    source: `bounds on measured peaks (${MEMORY_BASIS.how})`,
  };
}

/** The least serverless memory that holds the model, in MB; null when not even the largest does. */
export function leastServerlessMb(model: ModelFigures): ServerlessMemoryMb | null {
  const needed = containerMemoryMib([model]);
  return SERVERLESS_MEMORY_MB.find((mb) => mb >= needed) ?? null;
}
