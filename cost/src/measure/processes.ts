import { readdir, readFile } from 'node:fs/promises';

/** What a tree of processes has used so far. */
export interface ProcessUsage {
  /** Processor time in user and kernel mode, ended children included. */
  readonly cpuSeconds: number;
  /** Resident memory now, and each process's own highest, summed. Pages that processes share count in each. */
  readonly residentMib: number;
  readonly peakMib: number;
  /** Processor time of all that is neither below nor `root` itself, that of a hypervisor's other guests included, where it waited for them. */
  readonly elsewhereSeconds?: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

// USER_HZ of the Linux kernel's interface on all its architectures.
const TICKS_PER_SECOND = 100;

/**
 * Usage of all processes below `root`, `root` itself not included.
 * Format: proc(5), /proc/stat, /proc/pid/stat and /proc/pid/status.
 * @returns null where the system does not tell.
 */
export async function usageBelow(root: number): Promise<ProcessUsage | null> {
  const [stats, busy] = await Promise.all([allStats(), busyTicks()]);
  const below: Stat[] = [];
  for (let parents = new Set([root]); parents.size > 0;) {
    const children = stats.filter(({ parent }) => parents.has(parent));
    below.push(...children);
    parents = new Set(children.map(({ pid }) => pid));
  }
  const sizes = (await Promise.all(below.map(({ pid }) => sizeOf(pid)))).filter((size) => size !== null);
  if (sizes.length === 0) return null;
  const ticks = below.reduce((sum, each) => sum + each.ticks, 0);
  const own = stats.find(({ pid }) => pid === root)?.ticks ?? 0;
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    elsewhereSeconds: busy === undefined ? undefined : (busy - ticks - own) / TICKS_PER_SECOND,
    residentMib: sizes.reduce((sum, { rss }) => sum + rss, 0) / 1024,
    peakMib: sizes.reduce((sum, { peak }) => sum + peak, 0) / 1024,
  };
}

/** Of all processors since the start: user, nice, system, interrupts, and what was stolen. */
async function busyTicks(): Promise<number | undefined> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '');
  const [, ...fields] = text.split('\n')[0]!.split(/\s+/);
  const [user, nice, system, , , irq, softirq, steal] = fields.map(Number);
  const busy = [user, nice, system, irq, softirq, steal].reduce<number>(
    (sum, each) => sum + (each ?? NaN),
    0,
  );
  return Number.isNaN(busy) ? undefined : busy;
}

async function allStats(): Promise<Stat[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(
    pids.map(async (pid): Promise<Stat[]> => {
      // A process may end between the two readings.
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The second field is the name, in parentheses, and may hold anything.
      const fields = text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      if (fields.length < 15) return [];
      const [user, system, childUser, childSystem] = fields.slice(11, 15) as [number, number, number, number];
      return [{ pid: Number(pid), parent: fields[1]!, ticks: user + system + childUser + childSystem }];
    }),
  );
  return stats.flat();
}

/** KiB. */
async function sizeOf(pid: number): Promise<{ rss: number; peak: number } | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, rss] = /^VmRSS:\s+(\d+) kB/m.exec(text) ?? [];
  const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(text) ?? [];
  return rss !== undefined && peak !== undefined ? { rss: Number(rss), peak: Number(peak) } : null;
}
