import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';

test('a process that loads ONNX Runtime leaves no trace of telemetry', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'home-'));
  try {
    const runtime = path.resolve(__dirname, '../../inference/dist/runtime.js');
    const model = path.join(embeddedModelDirectory(), 'model.onnx');
    // The log and the device id are written when the first session opens, not when the library loads.
    const script = `require(${JSON.stringify(runtime)}).InferenceSession.create(${JSON.stringify(model)})`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
      env: { HOME: home, TMPDIR: home },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await readdir(home)).toEqual([]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
