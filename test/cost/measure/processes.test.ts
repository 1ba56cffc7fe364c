import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { usageBelow } from '../../../cost/src/measure/processes.js';

// A child whose child holds 200 MB and half a second of processor time.
const INNER =
  'const b = Buffer.alloc(200e6, 1); const t = process.cpuUsage(); while (process.cpuUsage(t).user < 5e5); process.stdout.write("x" + b[0]); setInterval(() => {}, 1e3)';
const OUTER = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(INNER)}], { stdio: 'inherit' }); process.on('SIGTERM', () => process.exit())`;

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('sums processor time and memory over all processes below one', async () => {
  const child = spawn(process.execPath, ['-e', OUTER], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    await once(child.stdout, 'data');
    const usage = await usageBelow(process.pid);
    expect(usage!.cpuSeconds).toBeGreaterThanOrEqual(0.5);
    expect(usage!.residentMib).toBeGreaterThan(190);
    expect(usage!.peakMib).toBeGreaterThanOrEqual(usage!.residentMib);
    const inner = await usageBelow(child.pid!);
    expect(inner!.residentMib).toBeLessThan(usage!.residentMib);
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'exit');
  }
});

test('gives null where there is nothing to read', async () => {
  expect(await usageBelow(2 ** 30)).toBeNull();
});
