import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { type ControlGroups, cpuQuota, memoryBytes, processors } from '../../container/src/limits.js';

const root = mkdtempSync(path.join(tmpdir(), 'reranker-cgroup-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Control groups with these files, of which `self` names this process's own. */
function group(files: Readonly<Record<string, string>>, self = '0::/\n'): ControlGroups {
  const directory = mkdtempSync(path.join(root, 'group-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), text);
  }
  writeFileSync(path.join(directory, 'self'), self);
  return { root: directory, self: path.join(directory, 'self') };
}

describe('cpuQuota', () => {
  it.each([
    [{ 'cpu.max': '150000 100000\n' }, 1.5],
    [{ 'cpu.max': 'max 100000\n' }, Infinity],
    [{ 'cpu/cpu.cfs_quota_us': '50000\n', 'cpu/cpu.cfs_period_us': '100000\n' }, 0.5],
    [{ 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' }, Infinity],
    [{ 'cpu.max': 'nonsense' }, Infinity],
    [{}, Infinity],
  ])('reads %j', (files, quota) => {
    expect(cpuQuota(group(files, '2:cpu,cpuacct:/\n0::/\n'))).toBe(quota);
  });

  it('is the least of the group and of those around it, in either version', () => {
    const files = {
      'cpu.max': 'max 100000',
      'pod/cpu.max': '150000 100000',
      'pod/app/cpu.max': '400000 100000',
    };
    expect(cpuQuota(group(files, '0::/pod/app\n'))).toBe(1.5);
    expect(cpuQuota(group(files, '0::/other\n'))).toBe(Infinity);
    const old = {
      'cpu/pod/cpu.cfs_quota_us': '250000',
      'cpu/pod/cpu.cfs_period_us': '100000',
      'cpu/pod/app/cpu.cfs_quota_us': '-1',
      'cpu/pod/app/cpu.cfs_period_us': '100000',
    };
    expect(cpuQuota(group(old, '4:memory:/x\n3:cpuacct,cpu:/pod/app\n'))).toBe(2.5);
  });
});

describe('processors', () => {
  it('are whole, at least one, and never more than the machine has', () => {
    expect(processors(group({ 'cpu.max': '50000 100000' }))).toBe(1);
    expect(processors(group({ 'cpu.max': '190000 100000' }))).toBe(1);
    expect(processors(group({ 'cpu.max': '99900000 100000' }))).toBe(availableParallelism());
    expect(processors(group({}))).toBe(availableParallelism());
  });
});

describe('memoryBytes', () => {
  it('is what the machine has, or less', () => {
    expect(memoryBytes()).toBeGreaterThan(0);
    expect(memoryBytes()).toBeLessThanOrEqual(totalmem());
  });

  it('is what the groups around allow', () => {
    const files = { 'pod/memory.max': '104857600', 'pod/app/memory.max': 'max' };
    expect(memoryBytes(group(files, '0::/pod/app\n'))).toBe(104_857_600);
    const old = { 'memory/pod/memory.limit_in_bytes': '52428800' };
    expect(memoryBytes(group(old, '4:memory:/pod/app\n'))).toBe(52_428_800);
  });
});
