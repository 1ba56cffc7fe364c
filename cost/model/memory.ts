import { VARIANTS, type VariantId } from '../../models';
import type { Figure, Precision } from '../types';

const MEBI = 1024 * 1024;

/** Where the memory figures come from. */
export const MEMORY_BASIS = {
  date: '2026-11',
  how: 'peak resident memory of the inference process, tiny fp32, one pair of 2,048 tokens (0.31 GB) and of 8,192 tokens (0.59 GB), onnxruntime-node 1.30, 2 cores; a line through both: 85 MiB + weights + 46 KiB a token',
};

/** Resident memory of an inference process, from {@link MEMORY_BASIS}. */
const INFERENCE_BASE_MIB = 85;
const BYTES_PER_TOKEN_AT_384 = 46 * 1024;
/** The HTTP process: Node.js, native tokenizer with its vocabulary, request bodies up to their limit of 128 MiB. */
const SERVER_MIB = 350;
/** What SageMaker's agents and the operating system take of an instance. Estimated: no public figure. */
export const INSTANCE_OVERHEAD_MIB = 768;

/** What a model directory needs and yields. */
export interface ModelFigures {
  readonly variant: VariantId;
  readonly precision: Precision;
  /** Bytes of the weights, as its manifest says. */
  readonly weightsBytes: number;
}

/** Bytes of a variant's weights when no model directory is at hand to ask. */
export function weightsOf(variant: VariantId, precision: Precision): number {
  return VARIANTS[variant].parameters * (precision === 'fp32' ? 4 : 1);
}

/**
 * Memory that the container needs to answer the longest pair, in MiB.
 * Loading holds the weights twice for a moment: the file's bytes and the copy that ONNX Runtime rearranges.
 * @param workers Inference processes, each with its own copy of the model.
 */
export function containerMemoryMib(models: readonly ModelFigures[], workers = 1): number {
  const perWorker = models.map(({ variant, weightsBytes }) => {
    const { architecture, contextTokens } = VARIANTS[variant];
    const activations = contextTokens * BYTES_PER_TOKEN_AT_384 * (architecture.hidden / 384);
    return INFERENCE_BASE_MIB + (2 * weightsBytes + activations) / MEBI;
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
    source: `line through measured peaks (${MEMORY_BASIS.how})`,
  };
}

/** The least serverless memory that holds the model, in MB; null when not even the largest does. */
export function leastServerlessMb(model: ModelFigures): ServerlessMemoryMb | null {
  const needed = containerMemoryMib([model]);
  return SERVERLESS_MEMORY_MB.find((mb) => mb >= needed) ?? null;
}
