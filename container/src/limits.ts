import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';

const CGROUP = '/sys/fs/cgroup';

/**
 * Whole processors this process may use: the machine's, or what its control group grants where that is less. Node sees
 * affinity but not a quota, and threads beyond the quota only stop each other.
 */
export function processors(root: string = CGROUP): number {
  const quota = cpuQuota(root);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota)));
}

/** Bytes of memory this process may use: the machine's, or its control group's limit where that is less. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Processors a control group grants, also in parts; Infinity without a limit.
 * Format: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), and cpu.cfs_* of version 1.
 */
export function cpuQuota(root: string = CGROUP): number {
  const [quota, period] = read(root, 'cpu.max')?.split(' ') ?? [
    read(root, 'cpu/cpu.cfs_quota_us'),
    read(root, 'cpu/cpu.cfs_period_us'),
  ];
  const share = Number(quota) / Number(period);
  return Number.isFinite(share) && share > 0 ? share : Infinity;
}

function read(root: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}
