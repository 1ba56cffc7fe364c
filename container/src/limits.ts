import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';

/** Where a machine tells of control groups. */
export interface ControlGroups {
  /** Mount point. */
  readonly root: string;
  /** File that names this process's own group. */
  readonly self: string;
}

const HERE: ControlGroups = { root: '/sys/fs/cgroup', self: '/proc/self/cgroup' };

/**
 * Whole processors this process may use: the machine's, or what its control groups grant where that is less. Node sees
 * affinity but not a quota, and threads beyond the quota only stop each other.
 */
export function processors(groups: ControlGroups = HERE): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota(groups))));
}

/** Bytes of memory this process may use: the machine's, or its control groups' limit where that is less. */
export function memoryBytes(groups: ControlGroups = HERE): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity, memoryLimit(groups));
}

/**
 * Processors that this process's control group and those around it grant, also in parts; Infinity without a limit.
 * Format: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), and cpu.cfs_* of version 1.
 */
export function cpuQuota(groups: ControlGroups = HERE): number {
  const quotas = [
    ...directories(groups, '').map((directory) => read(directory, 'cpu.max')?.split(' ') ?? []),
    ...directories(groups, 'cpu').map((directory) => [
      read(directory, 'cpu.cfs_quota_us'),
      read(directory, 'cpu.cfs_period_us'),
    ]),
  ];
  return least(quotas.map(([quota, period]) => Number(quota) / Number(period)));
}

function memoryLimit(groups: ControlGroups): number {
  return least([
    ...directories(groups, '').map((directory) => Number(read(directory, 'memory.max'))),
    ...directories(groups, 'memory').map((directory) => Number(read(directory, 'memory.limit_in_bytes'))),
  ]);
}

/** The directories of this process's group and of those around it; of version 2 where no controller of version 1 is named. */
function directories({ root, self }: ControlGroups, controller: string): string[] {
  const lines = read(path.dirname(self), path.basename(self))?.split('\n') ?? [];
  const own = lines
    .map((line) => line.split(':'))
    .find(([, names = '']) => names.split(',').includes(controller));
  const found: string[] = [];
  for (let group = own?.[2] ?? '/'; ; group = path.posix.dirname(group)) {
    found.push(path.join(root, controller, group));
    if (group === '/' || group === '.') return found;
  }
}

/** The least of the figures that are limits. */
function least(values: readonly number[]): number {
  return Math.min(Infinity, ...values.filter((value) => Number.isFinite(value) && value > 0));
}

function read(directory: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(directory, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}
