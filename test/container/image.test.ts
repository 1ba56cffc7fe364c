import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONTAINER_ENVIRONMENT, CONTAINER_FLAGS } from '@sagemaker-reranker/container';
import type { RerankResponseBody } from '../../client/src/wire.js';
import { removeModels, smallModel } from './support/model.js';
import { spawnContainer, stopContainers } from './support/process.js';

const root = path.resolve(__dirname, '../..');
const context = path.join(root, 'container/image');
const out = mkdtempSync(path.join(tmpdir(), 'reranker-image-'));

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const readJson = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as unknown;

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
}

/** What an instruction of the Dockerfile says, the last of its name, continued lines joined. */
function instruction(name: string): string {
  const text = readFileSync(path.join(context, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
  return text
    .split('\n')
    .findLast((line) => line.startsWith(`${name} `))!
    .slice(name.length + 1);
}

/** What the Dockerfile's steps leave below /app for a platform. */
function imageTree(arch: string): string {
  const tree = path.join(out, arch);
  if (existsSync(tree)) return tree;
  execFileSync(process.execPath, [path.join(context, 'natives.mjs'), tree, arch], { cwd: context });
  for (const name of ['main.js', 'worker.js', 'embedded']) {
    cpSync(path.join(context, name), path.join(tree, name), { recursive: true });
  }
  return tree;
}

/** Exit status of the image's healthcheck against a port. */
async function healthcheck(port: number): Promise<number | null> {
  const [node, ...args] = JSON.parse(/CMD (\[.*\])/.exec(instruction('HEALTHCHECK'))![1]!) as string[];
  expect(node).toBe('node');
  const child = spawn(process.execPath, args, { env: { SAGEMAKER_BIND_TO_PORT: String(port) } });
  return ((await once(child, 'exit')) as [number | null])[0];
}

afterAll(async () => {
  await stopContainers();
  await removeModels();
  rmSync(out, { recursive: true });
});

describe('the image', () => {
  it('takes the packages in the versions this package is tested with', () => {
    const { dependencies } = readJson('container/image/package.json') as Record<
      string,
      Record<string, string>
    >;
    const tested = readJson('package-lock.json') as Lock;
    const shipped = readJson('container/image/package-lock.json') as Lock;
    for (const [name, version] of Object.entries(dependencies!)) {
      expect({ name, version }).toEqual({ name, version: tested.packages[`node_modules/${name}`]!.version });
      expect(shipped.packages[`node_modules/${name}`]!.version).toBe(version);
    }
  });

  it.each(['x64', 'arm64'])('has the binaries of %s only, and is under 130 MB', (arch) => {
    const tree = imageTree(arch);
    const files = filesIn(tree);
    const binaries = files.filter((file) => /\.(node|so|dylib|dll)(\.|$)/.test(file)).sort();
    expect(binaries).toEqual([
      `node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/libonnxruntime.so.1`,
      `node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/onnxruntime_binding.node`,
      `node_modules/tokenizers/tokenizers.linux-${arch}-gnu.node`,
    ]);
    expect(files.filter((file) => /\.(ts|map|md)$/.test(file))).toEqual([]);
    // Besides the three native packages, these alone: no sources, no trainer, no package that is bundled.
    const packages = /^node_modules\/(onnxruntime-node|onnxruntime-common|tokenizers)\//;
    const model = ['manifest.json', 'model.onnx', 'tokenizer.json'].map((file) => `embedded/${file}`);
    expect(files.filter((file) => !packages.test(file)).sort()).toEqual([...model, 'main.js', 'worker.js']);
    // Whoever the platform runs it as may read it.
    for (const file of files) expect(statSync(path.join(tree, file)).mode & 0o004).toBe(0o004);
    const bytes = files.reduce((sum, file) => sum + statSync(path.join(tree, file)).size, 0);
    expect(bytes).toBeLessThan(130_000_000);
  });

  it('sets what a container that is started here gets, too', () => {
    const dockerfile = readFileSync(path.join(context, 'Dockerfile'), 'utf8');
    const set = /^ENV (.*)$/m.exec(dockerfile)![1]!.split(' ');
    for (const [name, value] of Object.entries(CONTAINER_ENVIRONMENT))
      expect(set).toContain(`${name}=${value}`);
  });

  it('does not load ONNX Runtime into the HTTP process', () => {
    const main = readFileSync(path.join(context, 'main.js'), 'utf8');
    expect(main).not.toMatch(/require\("onnxruntime-node"\)/);
    expect(readFileSync(path.join(context, 'worker.js'), 'utf8')).toMatch(/require\("onnxruntime-node"\)/);
  });

  it('serves from its staged tree with an empty environment, as the healthcheck says, and writes nothing there', async () => {
    const tree = imageTree(process.arch);
    const before = filesIn(tree);
    const args = ['serve', '--port', '0', '--threads', '1'];
    for (const more of [[], ['--model', await smallModel()]]) {
      const container = spawnContainer([...args, ...more], {}, { entry: path.join(tree, 'main.js') });
      await container.logged('ready');
      const port = container.port();
      expect(await healthcheck(port)).toBe(0);
      const answer = await container.rerank({ query: 'fox', documents: ['a fox', 'bread', 'the den'] });
      expect((answer.json as RerankResponseBody).results).toHaveLength(3);
      container.child.kill('SIGTERM');
      expect(await container.exited).toBe(0);
      expect(await healthcheck(port)).toBe(1);
      expect(container.stderr).toBe('');
    }
    expect(filesIn(tree)).toEqual(before);
  });

  it('is run without root, tells its multi-model ability, and understands signals', () => {
    // By number: a platform that forbids root cannot read names.
    expect(instruction('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(instruction('LABEL')).toContain('com.amazonaws.sagemaker.capabilities.multi-models=true');
    expect(JSON.parse(instruction('ENTRYPOINT'))).toEqual(['node', ...CONTAINER_FLAGS, '/app/main.js']);
    expect(JSON.parse(instruction('CMD'))).toEqual(['serve']);
  });

  it('is not made for a platform it does not know', () => {
    const unknown = spawnSync(process.execPath, [path.join(context, 'natives.mjs'), out, 'riscv64'], {
      encoding: 'utf8',
    });
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toMatch(/x64\|amd64\|arm64.*riscv64/);
  });

  it('is built from the same files by who installs infra alone', () => {
    const copy = path.join(root, 'infra/image/serving');
    expect(filesIn(copy).sort()).toEqual(filesIn(context).sort());
    for (const file of filesIn(copy)) {
      expect(readFileSync(path.join(copy, file)).equals(readFileSync(path.join(context, file)))).toBe(true);
    }
  });

  it('copies every file of its context', () => {
    const copied = [
      ...readFileSync(path.join(context, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm),
    ];
    const names = copied.flatMap(([, from]) => from!.split(' '));
    expect([...names, 'Dockerfile'].sort()).toEqual(
      readdirSync(context)
        .filter((name) => name !== 'node_modules')
        .sort(),
    );
  });
});
