import { readFileSync } from 'node:fs';

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
 * This processor's instruction sets that matter, by their names in Linux; none where /proc/cpuinfo does not tell.
 * @param cpuinfo the text of /proc/cpuinfo, where they stand as `flags` on x86 and as `Features` on ARM
 */
export function instructionSets(cpuinfo = readCpuInfo()): string[] {
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

/**
 * Whether 8-bit products of this processor may saturate, so that int8 models of 8-bit weights give other scores on it:
 * an x86 without VNNI (docs/decisions/int8-graph.md).
 */
export function saturates(sets: readonly string[] = instructionSets()): boolean {
  return sets.includes('avx2') && !sets.includes('avx_vnni') && !sets.includes('avx512_vnni');
}
