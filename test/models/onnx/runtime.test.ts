import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../../models';

test('a process that loads ONNX Runtime leaves no trace of telemetry', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'home-'));
  try {
    const runtime = path.join(packageRoot(), 'dist/models/onnx/runtime.js');
    // A process of the same number may have left its log here before: the child clears the place first.
    const script = `
      for (const directory of ['/tmp', process.env.TMPDIR, ${JSON.stringify(tmpdir())}]) {
        require('node:fs').rmSync(require('node:path').join(directory, 'mat-debug-' + process.pid + '.log'), { force: true });
      }
      new (require(${JSON.stringify(runtime)}).Tensor)('float32', [1], [1])`;
    const { pid, status, stderr } = spawnSync(process.execPath, ['-e', script], {
      env: { HOME: home, TMPDIR: home },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await readdir(home)).toEqual([]);
    for (const directory of [tmpdir(), '/tmp']) {
      expect(existsSync(path.join(directory, `mat-debug-${pid}.log`))).toBe(false);
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
