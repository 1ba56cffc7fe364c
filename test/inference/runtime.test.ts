import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';

const root = path.resolve(__dirname, '../..');

async function json<T>(...place: string[]): Promise<T> {
  return JSON.parse(await readFile(path.join(root, ...place), 'utf8')) as T;
}

test('no package loads ONNX Runtime before it is used', async () => {
  const { workspaces } = await json<{ workspaces: string[] }>('package.json');
  const files: string[] = [];
  for (const room of workspaces) {
    const { exports = {} } = await json<{ exports?: Record<string, Record<string, unknown>> }>(
      room,
      'package.json',
    );
    // The client's entries are an object for each form, and load none of ours.
    const entries = Object.values(exports).map((entry) => entry.default);
    files.push(
      ...entries.filter((file) => typeof file === 'string').map((file) => path.join(root, room, file)),
    );
  }
  expect(files).toContain(path.join(root, 'inference/dist/runtime-index.js'));
  files.push(path.join(root, 'inference/dist/worker.js'));
  const script = `
    const [files] = process.argv.slice(1).map((text) => JSON.parse(text));
    for (const file of files) require(file);
    console.log(Object.keys(require.cache).filter((file) => file.includes('onnxruntime')).join());
    process.exit();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, JSON.stringify(files)], {
    encoding: 'utf8',
  });
  expect({ stdout, stderr }).toEqual({ stdout: '\n', stderr: '' });
});

test('a process that loads ONNX Runtime leaves no trace of telemetry', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'home-'));
  try {
    const runtime = path.join(root, 'inference/dist/runtime.js');
    const model = path.join(embeddedModelDirectory(), 'model.onnx');
    // The log and the device id are written when the first session opens, not when the library loads.
    const script = `require(${JSON.stringify(runtime)}).openSession(${JSON.stringify(model)})`;
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
