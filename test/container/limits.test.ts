import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { cpuQuota, memoryBytes, processors } from '../../container/src/limits.js';

const root = mkdtempSync(path.join(tmpdir(), 'reranker-cgroup-'));
afterAll(() => rmSync(root, { recursive: true }));

function group(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(path.join(root, 'group-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), text);
  }
  return directory;
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
    expect(cpuQuota(group(files))).toBe(quota);
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
});
