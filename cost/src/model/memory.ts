import {
  SERVER_BYTES,
  VARIANTS,
  type VariantId,
  batchBytes,
  embeddedModelDirectory,
  loadedBytes,
  readManifestSync,
} from '@sagemaker-reranker/models';
import type { Figure, Precision } from '../types.js';

const MEBI = 1024 * 1024;

/** Where the memory figures come from. */
export const MEMORY_BASIS = {
  date: '2026-11',
  how: "the container's own bounds on its resident memory, measured with tiny, turbo and base on onnxruntime-node 1.30, 2 cores: 90 MiB and 1.25 times the model file for an inference process, and the batch of the longest pair",
};

const SERVER_MIB = (SERVER_BYTES.process + SERVER_BYTES.bodies) / MEBI;
/** What SageMaker's agents and the operating system take of an instance. Estimated: no public figure. */
export const INSTANCE_OVERHEAD_MIB = 768;

/** What a model directory needs and yields. */
export interface ModelFigures {
  readonly variant: VariantId;
  readonly precision: Precision;
  /** Bytes of the weights, as its manifest says. */
  readonly weightsBytes: number;
}

/** Bytes of a variant's weights when no model directory is at hand to ask: the word embeddings of int8 are fp32 by default. */
export function weightsOf(variant: VariantId, precision: Precision): number {
  if (variant === 'embedded' && precision === 'int8') {
    const { files, model } = readManifestSync(embeddedModelDirectory());
    return files.find(({ path }) => path === model)!.bytes;
  }
  const { architecture, parameters } = VARIANTS[variant];
  const embeddings = architecture.vocabulary * architecture.hidden;
  return 4 * embeddings + (parameters - embeddings) * (precision === 'fp32' ? 4 : 1);
}

/**
 * Memory that the container needs to answer the longest pair, in MiB.
 * @param workers Inference processes, each with its own copy of the model.
 */
export function containerMemoryMib(models: readonly ModelFigures[], workers = 1): number {
  const perWorker = models.map(({ variant, weightsBytes }) => {
    const { architecture, contextTokens } = VARIANTS[variant];
    return (loadedBytes(weightsBytes) + batchBytes({ architecture }, 1, contextTokens)) / MEBI;
  });
  return Math.ceil(SERVER_MIB + workers * perWorker.reduce((sum, mib) => sum + mib, 0));
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
