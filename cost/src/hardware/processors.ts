import { between, exactly, product, times, type Interval } from '../model/interval.js';
import type { Machine, Precision } from '../types.js';

const { sqrt } = Math;

/** What is assumed of a processor, per physical core. */
export interface Processor {
  readonly name: string;
  /** Clock under load on all cores, GHz. */
  readonly clockGhz: Interval;
  /** 2: a vCPU is a hyperthread and shares its core; 1: a vCPU is a core. */
  readonly threadsPerCore: 1 | 2;
  /** fp32 multiply-adds a cycle: fused multiply-add units × lanes. */
  readonly fp32PerCycle: number;
  /** uint8 x int8 multiply-adds a cycle, of the instructions that ONNX Runtime's kernels use on it. */
  readonly int8PerCycle: Interval;
  /** Width of a vector register that the other operators run on. */
  readonly vectorBits: 128 | 256 | 512;
  /** False where uint8 x int8 sums of two products are kept in 16 bits and can saturate. */
  readonly exactInt8: boolean;
}

// Assumptions, all of them: which processor a family has, its clock on all cores, and the multiply-adds a cycle of the
// instructions that ONNX Runtime's kernels are taken to use (AVX2 and AVX-512 without VNNI: vpmaddubsw, vpmaddwd and vpaddd,
// three for one vpdpbusd; VNNI: vpdpbusd; AMX: tdpbusd; NEON: udot, with i8mm ummla). None was measured on an instance: whatever
// rests on them is an estimate, and a measurement of the type replaces it. Graviton's clocks, which have no turbo, and vector units are
// those of AWS's Graviton Technical Guide (github.com/aws/aws-graviton-getting-started, table "Building for Graviton"). No source was
// read for Intel's clocks under vector load: two generations that AWS sells side by side get the same wide interval.
const avx2 = {
  threadsPerCore: 2,
  fp32PerCycle: 16,
  int8PerCycle: exactly(32),
  vectorBits: 256,
  exactInt8: false,
} as const;
const avx512 = { threadsPerCore: 2, fp32PerCycle: 32, vectorBits: 512 } as const;
// Skylake or, with VNNI, Cascade Lake: which of them an instance gets is not said.
const skylake = { ...avx512, int8PerCycle: between(43, 128), exactInt8: false } as const;
const vnni = { ...avx512, int8PerCycle: exactly(128), exactInt8: true } as const;
// AMX: taken to have eight times the peak of VNNI. Its tiles pay off on large products only, so a quarter of that is the upper end.
const amx = { ...avx512, int8PerCycle: { value: 160, low: 128, high: 256 }, exactInt8: true } as const;
const neon = { threadsPerCore: 1, vectorBits: 128, exactInt8: true } as const;

export const haswell: Processor = { name: 'Xeon E5 v3/v4 (AVX2)', clockGhz: between(2.3, 2.9), ...avx2 };
export const c5: Processor = {
  name: 'Xeon Skylake or Cascade Lake',
  clockGhz: between(3.0, 3.6),
  ...skylake,
};
export const m5: Processor = {
  name: 'Xeon Skylake or Cascade Lake',
  clockGhz: between(2.5, 3.1),
  ...skylake,
};
export const iceLake: Processor = {
  name: 'Xeon 8375C Ice Lake (VNNI)',
  clockGhz: between(2.5, 3.5),
  ...vnni,
};
export const sapphireRapids: Processor = {
  name: 'Xeon 8488C Sapphire Rapids (VNNI, AMX)',
  clockGhz: between(2.5, 3.5),
  ...amx,
};
export const graviton2: Processor = {
  name: 'Graviton2 (Neoverse N1)',
  clockGhz: exactly(2.5),
  fp32PerCycle: 8,
  int8PerCycle: exactly(32),
  ...neon,
};
export const graviton3: Processor = {
  name: 'Graviton3 (Neoverse V1)',
  clockGhz: exactly(2.6),
  fp32PerCycle: 16,
  int8PerCycle: between(64, 128),
  ...neon,
};
export const graviton4: Processor = {
  name: 'Graviton4 (Neoverse V2)',
  clockGhz: between(2.7, 2.8),
  fp32PerCycle: 16,
  int8PerCycle: between(64, 128),
  ...neon,
};

/** A vCPU's speed at its two kinds of work, in units of no meaning but their ratio between processors. */
export interface Speed {
  /** Matrix products of the weights, at a precision. */
  readonly products: Interval;
  /** Everything else: attention, normalisation, activations, quantisation; in fp32, partly bound by memory. */
  readonly others: Interval;
}

/** Speed of a vCPU with the other vCPUs as busy. */
export function speedOf(processor: Processor, precision: Precision): Speed {
  // Two hyperthreads on a core: half of it each where a unit is busy every cycle, more where they wait for memory.
  const share = processor.threadsPerCore === 2 ? between(0.5, 0.65) : exactly(1);
  return speed(processor, precision, share);
}

/** Speed of a vCPU of a machine that is no instance type, from its instruction sets. */
export function speedOfMachine(machine: Machine, precision: Precision): Speed {
  // Whether its vCPUs are cores or hyperthreads, busy or idle beside it, and its clock: not known.
  const x86 = machine.architecture === 'x86_64';
  return speed(processorLike(machine), precision, x86 ? between(0.6, 1) : exactly(1));
}

/**
 * Speed of a vCPU that AWS does not name, as serverless endpoints have them: between the slowest and the fastest x86
 * hosting family.
 */
export function speedOfUnknown(precision: Precision): Speed {
  const slow = speedOf(haswell, precision);
  const fast = speedOf(iceLake, precision);
  return {
    products: between(slow.products.value, fast.products.value),
    others: between(slow.others.value, fast.others.value),
  };
}

function speed(processor: Processor, precision: Precision, share: Interval): Speed {
  const { clockGhz, fp32PerCycle, int8PerCycle, vectorBits } = processor;
  const perCycle = precision === 'int8' ? int8PerCycle : exactly(fp32PerCycle);
  return {
    products: product(clockGhz, share, perCycle),
    // Width counts by its root: these operators stream through the caches as much as they compute.
    others: times(product(clockGhz, share), sqrt(vectorBits)),
  };
}

function processorLike({ instructionSets, architecture, processor }: Machine): Processor {
  const has = (name: string): boolean => instructionSets.includes(name);
  const clock = { name: processor ?? 'unnamed', clockGhz: between(2.3, 3.5) };
  if (architecture === 'arm64') {
    const core = has('i8mm') ? graviton3 : graviton2;
    return { ...core, ...clock };
  }
  if (has('amx_int8')) return { ...clock, ...amx };
  if (has('avx512_vnni')) return { ...clock, ...vnni };
  if (has('avx512f')) return { ...clock, ...skylake, int8PerCycle: exactly(43) };
  return { ...clock, ...avx2 };
}
