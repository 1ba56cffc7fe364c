import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { CostError } from '../errors';
import type { Machine } from '../types';

/** Those that decide how fast the products of a model are, as Linux names them. */
const INSTRUCTION_SETS: ReadonlySet<string> = new Set([
  'avx2',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_int8',
  'amx_bf16',
  'asimddp',
  'i8mm',
  'bf16',
  'sve',
  'sve2',
]);

/**
 * This computer.
 * @param limits what of it the container may use
 * @throws CostError on an architecture that SageMaker does not offer.
 */
export function describeMachine(
  name: string,
  limits: { readonly vcpus: number; readonly memoryBytes: number },
): Machine {
  const architecture = ({ x64: 'x86_64', arm64: 'arm64' } as const)[arch()];
  if (!architecture) throw new CostError(`this machine is ${arch()}; measured are x64 and arm64`);
  return {
    name,
    processor: cpus()[0]?.model.trim() || null,
    architecture,
    vcpus: limits.vcpus,
    memoryMib: Math.floor(limits.memoryBytes / 1024 / 1024),
    instructionSets: instructionSets(readCpuInfo()),
  };
}

/** The instruction sets that matter, out of the text of /proc/cpuinfo: `flags` on x86, `Features` on ARM. */
export function instructionSets(cpuinfo: string): string[] {
  const [, flags = ''] = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo) ?? [];
  return flags.split(/\s+/).filter((flag) => INSTRUCTION_SETS.has(flag));
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
