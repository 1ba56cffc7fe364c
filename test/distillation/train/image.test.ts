import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory, openModelDirectory } from '@sagemaker-reranker/models';
import { packageVersion } from '../../../models/src/package-root.js';
import { CONFIG, CORPUS, STUDENT } from '../../support/distillation.js';

const STEPS = 5;
const context = path.resolve(__dirname, '../../../distillation/image');

const read = (file: string): string => readFileSync(path.join(context, file), 'utf8');

let directory: string;
let tree: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'train-image-'));
  tree = imageTree(process.arch);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What the Dockerfile's steps leave below /app for a platform. */
function imageTree(arch: string): string {
  const out = path.join(directory, arch);
  if (existsSync(out)) return out;
  execFileSync(process.execPath, [path.join(context, 'natives.mjs'), out, arch], { cwd: context });
  for (const name of ['main.js', 'worker.js']) cpSync(path.join(context, name), path.join(out, name));
  return out;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** What SageMaker mounts, below a directory of its own; everything that the config names is in the channel. */
async function mounts(name: string): Promise<(file: string) => string> {
  const at = (file: string): string => path.join(directory, name, file);
  for (const folder of ['input/config', 'input/data/training', 'model', 'output', 'checkpoints']) {
    await mkdir(at(folder), { recursive: true });
  }
  const config = {
    ...CONFIG,
    tokenizer: { file: 'tokenizer.json' },
    student: { ...STUDENT, steps: STEPS },
  };
  await copyFile(
    path.join(embeddedModelDirectory(), 'tokenizer.json'),
    at('input/data/training/tokenizer.json'),
  );
  await writeFile(at('input/data/training/corpus.jsonl'), CORPUS);
  await writeFile(
    at('input/data/training/config.json'),
    JSON.stringify({ ...config, work: 'work', out: 'out' }),
  );
  await writeFile(
    at('input/config/hyperparameters.json'),
    JSON.stringify({ threads: '1', 'checkpoint-every': '1' }),
  );
  return at;
}

/** The image's entrypoint with its argument, and nothing of this machine's environment. */
function start(at: (file: string) => string, args = ['train']) {
  const child = spawn(process.execPath, [path.join(tree, 'main.js'), ...args], {
    cwd: tree,
    env: { SAGEMAKER_PREFIX: at('.') },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

async function losses(at: (file: string) => string): Promise<number[]> {
  const lines = (await readFile(at('checkpoints/log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
}

describe('the training image', () => {
  it('takes the packages in the versions that the serving image takes', () => {
    const serving = path.resolve(context, '../../container/image');
    expect(JSON.parse(read('package.json'))).toHaveProperty(
      'dependencies',
      (JSON.parse(readFileSync(path.join(serving, 'package.json'), 'utf8')) as { dependencies: object })
        .dependencies,
    );
  });

  it.each(['x64', 'arm64'])('has the binaries of %s alone, no model, and is under 80 MB', (arch) => {
    const out = imageTree(arch);
    const files = filesIn(out);
    expect(files.filter((file) => /\.(node|so|dylib|dll)(\.|$)/.test(file)).sort()).toEqual([
      `node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/libonnxruntime.so.1`,
      `node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/onnxruntime_binding.node`,
      `node_modules/tokenizers/tokenizers.linux-${arch}-gnu.node`,
    ]);
    expect(files.filter((file) => !file.startsWith('node_modules/')).sort()).toEqual([
      'main.js',
      'worker.js',
    ]);
    const bytes = files.reduce((sum, file) => sum + statSync(path.join(out, file)).size, 0);
    expect(bytes).toBeLessThan(80_000_000);
  });

  it('trains from its tree with an empty environment, and interrupted goes on to the same loss curve', async () => {
    const whole = await mounts('whole');
    const { code, output } = await start(whole).ended;
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^step=5 steps=5 loss=/m),
    });
    const { manifest } = openModelDirectory(whole('model'));
    const { name, version } = packageVersion();
    expect(manifest).toMatchObject({ name: 'tiny-student', created_by: `${name} ${version}` });

    const stopped = await mounts('stopped');
    const { child, ended } = start(stopped);
    const checkpoint = stopped('checkpoints/checkpoint.safetensors');
    while (!(await stat(checkpoint).catch(() => undefined)) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({
      code: 143,
      output: expect.stringMatching(/stopped after step \d of 5/),
    });
    expect(existsSync(stopped('model/manifest.json'))).toBe(false);
    expect((await start(stopped).ended).code).toBe(0);
    const [expected, resumed] = [await losses(whole), await losses(stopped)];
    expect(resumed).toHaveLength(STEPS);
    resumed.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-6));
    expect(openModelDirectory(stopped('model')).manifest.files).toEqual(manifest.files);
  });

  it('knows no other command than train', async () => {
    const { code, output } = await start(await mounts('serve'), ['serve']).ended;
    expect(code).toBe(2);
    expect(output).toMatch(/expected the one command train, got "serve"/);
  });
});
