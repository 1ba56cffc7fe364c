import { VARIANTS, type VariantId } from '../models';
import { ConfigurationError } from './configuration-error';
import type { InstanceType } from './instance-types';

export type Precision = 'fp32' | 'int8';

/** Where a figure comes from: measured with its date and command, or derived from another figure. */
export interface Basis {
  readonly kind: 'measured' | 'derived';
  readonly date: string;
  /** The command and machine of a measurement; the reasoning of a derivation. */
  readonly how: string;
}

const MEBI = 1024 * 1024;

const MEMORY_BASIS: Basis = {
  kind: 'measured',
  date: '2026-11',
  how: 'peak resident memory of the inference process, tiny fp32, one pair of 2,048 tokens (0.31 GB) and of 8,192 tokens (0.59 GB), onnxruntime-node 1.30, 2 cores; a line through both: 85 MiB + weights + 46 KiB a token',
};

/** Resident memory of an inference process, from {@link MEMORY_BASIS}. */
const INFERENCE_BASE_MIB = 85;
const BYTES_PER_TOKEN_AT_384 = 46 * 1024;
/** The HTTP process: Node.js, native tokenizer with its vocabulary, request bodies up to their limit of 128 MiB. */
const SERVER_MIB = 350;
/** What SageMaker's agents and the operating system take of an instance. Derived: no public figure. */
const INSTANCE_OVERHEAD_MIB = 768;

/** A throughput in padded tokens a second on one vCPU. */
interface Throughput {
  readonly tokensPerSecondPerVcpu: number;
  readonly basis: Basis;
}

const derivedFromTiny = (factor: string): Basis => ({
  kind: 'derived',
  date: '2026-11',
  how: `tiny's figure divided by ${factor}: time is spent in the encoder's matrix products, layers x hidden²`,
});

const TINY_BASIS: Basis = {
  kind: 'measured',
  date: '2026-11',
  how: '16 x 128 tokens, full-size graph with random weights, 2-core AVX-512 VNNI machine, Node 20, onnxruntime-node 1.30: fp32 258 ms, int8 115 ms',
};

const THROUGHPUT: Readonly<Record<VariantId, Readonly<Record<Precision, Throughput>>>> = {
  base: {
    fp32: { tokensPerSecondPerVcpu: 330, basis: derivedFromTiny('12 (3 x the layers, 2² x the width)') },
    int8: { tokensPerSecondPerVcpu: 740, basis: derivedFromTiny('12 (3 x the layers, 2² x the width)') },
  },
  turbo: {
    fp32: { tokensPerSecondPerVcpu: 2_650, basis: derivedFromTiny('1.5 (6 layers for 4)') },
    int8: { tokensPerSecondPerVcpu: 5_900, basis: derivedFromTiny('1.5 (6 layers for 4)') },
  },
  tiny: {
    fp32: { tokensPerSecondPerVcpu: 3_970, basis: TINY_BASIS },
    int8: { tokensPerSecondPerVcpu: 8_900, basis: TINY_BASIS },
  },
  // No faster than tiny until it is measured: its products are too small for the same efficiency.
  embedded: {
    fp32: { tokensPerSecondPerVcpu: 3_970, basis: derivedFromTiny('1 (a lower bound)') },
    int8: { tokensPerSecondPerVcpu: 8_900, basis: derivedFromTiny('1 (a lower bound)') },
  },
};

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

/** Padded tokens that one instance scores in a second. */
export function tokensPerSecond(model: ModelFigures, vcpus: number): number {
  return THROUGHPUT[model.variant][model.precision].tokensPerSecondPerVcpu * vcpus;
}

/** The figures' origin, for the report and the documentation. */
export function basisOf(variant: VariantId, precision: Precision): readonly Basis[] {
  return [THROUGHPUT[variant][precision].basis, MEMORY_BASIS];
}

/**
 * The recommended instance type of a variant. Fourth-generation Xeons (c7i) score int8 with AVX-512 VNNI, cost 5 % more an
 * hour than c6i, and batch transform takes them too, which it takes no Graviton type; 2 GiB a vCPU hold every
 * variant. base is 12 times slower than tiny, so it gets four times the vCPUs.
 */
const RECOMMENDED: Readonly<Record<VariantId, string>> = {
  base: 'ml.c7i.2xlarge',
  turbo: 'ml.c7i.xlarge',
  tiny: 'ml.c7i.large',
  embedded: 'ml.c7i.large',
};

export function recommendedInstanceType(variant: VariantId): string {
  return RECOMMENDED[variant];
}

/** Memory sizes that serverless endpoints come in, in MB. */
export const SERVERLESS_MEMORY_MB = [1024, 2048, 3072, 4096, 5120, 6144] as const;
export type ServerlessMemoryMb = (typeof SERVERLESS_MEMORY_MB)[number];

/**
 * The least serverless memory that holds a model: vCPUs grow with it, and so does the price.
 * @throws ConfigurationError when not even the largest does.
 */
export function serverlessMemoryMb(model: ModelFigures): ServerlessMemoryMb {
  const needed = containerMemoryMib([model]);
  const size = SERVERLESS_MEMORY_MB.find((mb) => mb >= needed);
  if (size !== undefined) return size;
  throw new ConfigurationError('serverless', [
    `${describe(model)} needs ${needed} MiB; the largest serverless memory is 6144 MB. Use an instance, or int8 weights`,
  ]);
}

/**
 * Refuses an instance type or serverless memory that cannot hold the models, with the figures.
 * @throws ConfigurationError
 */
export function requireRoom(
  place: { readonly instance: InstanceType } | { readonly serverlessMb: number },
  models: readonly ModelFigures[],
  workers = 1,
): void {
  const needed = containerMemoryMib(models, workers);
  const room = 'instance' in place ? place.instance.memoryMib - INSTANCE_OVERHEAD_MIB : place.serverlessMb;
  if (needed <= room) return;
  const where =
    'instance' in place
      ? `instanceType ${place.instance.name} leaves ${room} MiB of its ${place.instance.memoryMib} MiB to the container`
      : `memorySizeInMb ${place.serverlessMb}`;
  throw new ConfigurationError('sizing', [
    `${where}; ${models.map(describe).join(' and ')} with ${workers} inference ${workers === 1 ? 'process' : 'processes'} needs ${needed} MiB`,
  ]);
}

function describe(model: ModelFigures): string {
  return `${model.variant} ${model.precision} (${Math.round(model.weightsBytes / MEBI)} MiB of weights)`;
}
