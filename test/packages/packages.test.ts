import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileSystem } from 'aws-cdk-lib';
import { build } from 'esbuild';
import { startLocalEndpoint, type LocalEndpoint } from '@sagemaker-reranker/container/local';
import { Project } from './project.js';
import { PackedRegistry } from './registry.js';

const root = path.resolve(__dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'reranker-packages-'));
const COMMAND = 'sagemaker-reranker';
// Other majors than this project's own of what it uses or adapts to; none may make an install fail.
const OTHERS = [
  '@langchain/core@0.3',
  '@llamaindex/core@0.5',
  'aws-cdk-lib@2.180.0',
  'commander@12',
  'constructs@10.3.0',
  'esbuild@0.25',
  'express@4',
  'pino@9',
  'protobufjs@7',
  'tar@6',
  'yauzl@2',
];

let registry: PackedRegistry;
let endpoint: LocalEndpoint;
const projects: Project[] = [];
function project(type?: 'module' | 'commonjs'): Project {
  const made = new Project(registry, type);
  projects.push(made);
  return made;
}

/** What npm is asked for: the archive of the command, which has no scope, and names for all else. */
const wanted = (name: string): string => (name === COMMAND ? registry.archive(name) : name);

beforeAll(async () => {
  registry = await PackedRegistry.start(scratch);
  endpoint = await startLocalEndpoint({ port: 0 });
});
afterAll(async () => {
  for (const one of projects) one.remove();
  await endpoint.close();
  await registry.close();
  rmSync(scratch, { recursive: true, force: true });
});

const roomOf = (name: string): string => (name === COMMAND ? 'cli' : name.split('/')[1]!);

/** What a package offers, by the names that callers import. */
function entries(name: string): string[] {
  const room = roomOf(name);
  const { exports = {} } = JSON.parse(readFileSync(path.join(root, room, 'package.json'), 'utf8')) as {
    exports?: Record<string, unknown>;
  };
  return Object.keys(exports).map((entry) => `${name}${entry.slice(1)}`);
}

/** The smallest example of a package's README, with the endpoint of this test in the place of a user's own. */
function exampleOf(name: string): string {
  const readme = readFileSync(path.join(root, roomOf(name), 'README.md'), 'utf8');
  return /```js\n([^]*?)```/.exec(readme)![1]!.replace('http://127.0.0.1:8080', endpoint.url);
}

const OWN = [
  '@sagemaker-reranker/client',
  '@sagemaker-reranker/models',
  '@sagemaker-reranker/inference',
  '@sagemaker-reranker/container',
  '@sagemaker-reranker/cost',
  '@sagemaker-reranker/infra',
  '@sagemaker-reranker/evaluation',
  '@sagemaker-reranker/distillation',
  COMMAND,
];
/** Entry points that want a framework of the user's. */
const ADAPTERS = /\/client\/(langchain|llamaindex|ai-sdk|opentelemetry)$/;

/** Libraries whose example runs a model in this process or one that it starts. */
const RUN_A_MODEL = new Set(['@sagemaker-reranker/inference', '@sagemaker-reranker/container']);
const MISSING = /onnxruntime-node is not installed: (npm install --ignore-scripts onnxruntime-node@[\d.]+)/;

test('every package that is published is tested', () => {
  expect([...registry.names].sort()).toEqual([...OWN].sort());
});

test.each(OWN)('%s, installed alone, loads by require and by import', async (name) => {
  const blank = project();
  await blank.install(wanted(name), ...(name.endsWith('/infra') ? ['aws-cdk-lib', 'constructs'] : []));
  const names = entries(name).filter((entry) => !ADAPTERS.test(entry) && !entry.endsWith('package.json'));
  const list = JSON.stringify(names);
  // Loading needs no ONNX Runtime, which npm leaves out where its install script cannot reach its download.
  rmSync(path.join(blank.directory, 'node_modules/onnxruntime-node'), { recursive: true, force: true });
  await blank.succeed('node', '-e', `for (const n of ${list}) require(n)`);
  await blank.succeed('node', '--input-type=module', '-e', `for (const n of ${list}) await import(n)`);
  blank.write('example.mjs', exampleOf(name));
  if (RUN_A_MODEL.has(name)) {
    const { status, stderr } = await blank.run('node', 'example.mjs');
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(MISSING) });
    expect(stderr).not.toMatch(/^ +at /m);
    await blank.succeed('sh', '-c', MISSING.exec(stderr)![1]!);
  }
  await blank.succeed('node', 'example.mjs');
});

describe('beside other versions of the same libraries', () => {
  let crowded: Project;
  beforeAll(async () => {
    crowded = project();
    await crowded.install(...OTHERS);
    await crowded.install(...OWN.map(wanted));
  });

  test.each(OWN)('%s loads', async (name) => {
    // A CDK older than what the constructs need is refused in one line, not at installation.
    if (name.endsWith('/infra')) {
      const { status, stderr } = await crowded.run('node', '-e', `require('${name}')`);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/needs aws-cdk-lib 2\.\d+ or newer; this is 2\.180\.0/);
      return;
    }
    await crowded.succeed('node', '-e', `require('${name}')`);
  });

  test.each(['require("NAME")', 'await import("NAME")'])(
    'the adapter takes documents of the older LangChain: %s',
    async (load) => {
      const script = `
      const { Document } = ${load.replace('NAME', '@langchain/core/documents')};
      const { RerankerCompressor } = ${load.replace('NAME', '@sagemaker-reranker/client/langchain')};
      const client = { rerank: async ({ documents }) => ({ results: documents.map((document, index) => ({ index, document, relevanceScore: 1 - index })) }) };
      const [first] = await new RerankerCompressor({ client }).compressDocuments([new Document({ pageContent: 'a' })], 'q');
      console.log(first instanceof Document);`;
      const outcome = load.startsWith('await')
        ? await crowded.run('node', '--input-type=module', '-e', script)
        : await crowded.run('node', '-e', `(async () => {${script}})()`);
      expect(outcome).toMatchObject({ status: 0, stdout: 'true\n' });
    },
  );

  test('the command helps, reranks, and serves', async () => {
    const bin = path.join(crowded.directory, 'node_modules/.bin', 'reranker');
    expect(await crowded.run(bin, '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Usage: reranker'),
    });
    crowded.write('lines.txt', 'a cat sat\nredis keeps values in memory\n');
    const ranked = await crowded.run(bin, 'rerank', '--query', 'in-memory cache', '--json', 'lines.txt');
    expect(ranked).toMatchObject({ status: 0, stdout: expect.stringContaining('redis keeps values') });

    const local = spawn(bin, ['local', '--port', '0'], { cwd: crowded.directory });
    try {
      let said = '';
      local.stdout.on('data', (chunk) => (said += String(chunk)));
      while (!/http:\/\/127\.0\.0\.1:\d+\//.test(said)) await once(local.stdout, 'data');
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said)!;
      const [ping, page] = await Promise.all([fetch(`${url}/ping`), fetch(url)]);
      expect([ping.status, page.status]).toEqual([200, 200]);
    } finally {
      const ended = once(local, 'close');
      local.kill();
      await ended;
    }
  });

  test('where npm left ONNX Runtime out, the command says so, fetches it once, and works', async () => {
    const bin = path.join(crowded.directory, 'node_modules/.bin', 'reranker');
    const place = path.join(crowded.directory, 'node_modules/onnxruntime-node');
    crowded.write('lines.txt', 'a cat sat\nredis keeps values in memory\n');
    const ask = ['rerank', '--query', 'in-memory cache', '--json', 'lines.txt'];
    const node = path.dirname(process.execPath);
    const before = { ...crowded.env };
    rmSync(place, { recursive: true, force: true });
    try {
      crowded.env.XDG_CACHE_HOME = path.join(crowded.directory, 'empty-cache');
      // Without npm nothing can be fetched.
      crowded.write('bin/node', `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
      chmodSync(path.join(crowded.directory, 'bin/node'), 0o755);
      crowded.env.PATH = path.join(crowded.directory, 'bin');
      const alone = await crowded.run(process.execPath, bin, ...ask);
      expect(alone.status).not.toBe(0);
      expect(alone.stderr).toMatch(MISSING);
      expect(alone.stderr).not.toMatch(/^\s+at /m);

      crowded.env.PATH = `${node}${path.delimiter}${process.env.PATH}`;
      const fetched = await crowded.succeed(bin, ...ask);
      expect(fetched.stderr).toContain('onnxruntime-node was left out');
      const again = await crowded.succeed(bin, ...ask);
      expect(again.stderr).not.toContain('onnxruntime-node');
      expect(again.stdout).toBe(fetched.stdout);
    } finally {
      crowded.env = before;
    }
  });
});

/** Settings of a project that checks what it uses as well. */
const tsconfig = (module: string, moduleResolution: string, files: readonly string[]) => ({
  compilerOptions: {
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2022',
    module,
    moduleResolution,
    types: ['node'],
  },
  files,
});

describe('types', () => {
  const SAMPLE = `
import { RerankerClient, RerankerError } from '@sagemaker-reranker/client';
import { RerankerCompressor } from '@sagemaker-reranker/client/langchain';
import { RerankerStack } from '@sagemaker-reranker/infra';
import { readModelDirectory } from '@sagemaker-reranker/models';
const client = new RerankerClient({ endpointName: 'e', region: 'eu-west-1' });
export const ranked = client.rerank({ query: 'q', documents: [{ id: 1, text: 't' }] }).then(({ results }) => results[0]?.document.id.toFixed());
export const parts = [RerankerError, RerankerCompressor, RerankerStack, readModelDirectory];
`;
  let typed: Project;
  beforeAll(async () => {
    typed = project('module');
    const packages = ['client', 'infra', 'models'].map((room) => `@sagemaker-reranker/${room}`);
    await typed.install(...packages, 'aws-cdk-lib', 'constructs', '@langchain/core', '@types/node@22');
    typed.write('sample.ts', SAMPLE);
    typed.write('sample.cts', SAMPLE);
  });

  test.each([
    ['node16', 'node16', ['sample.ts', 'sample.cts']],
    ['nodenext', 'nodenext', ['sample.ts', 'sample.cts']],
    ['esnext', 'bundler', ['sample.ts']],
  ])('hold with skipLibCheck off: module %s, resolution %s', async (module, moduleResolution, files) => {
    typed.write('tsconfig.json', JSON.stringify(tsconfig(module, moduleResolution, files)));
    const outcome = await typed.run('node', require.resolve('typescript/bin/tsc'), '-p', '.');
    expect(outcome).toMatchObject({ status: 0, stdout: '' });
  });

  test('a blank CDK app synthesizes, with the image that the clone has', async () => {
    typed.write(
      'app.mjs',
      `
import { App } from 'aws-cdk-lib';
import { RerankerStack, readContext, stackName } from '@sagemaker-reranker/infra';
const app = new App({ outdir: 'cdk.out', context: { variant: 'embedded', hosting: 'real-time', environment: 'dev' } });
const context = readContext(app.node);
new RerankerStack(app, stackName(context), { context });
app.synth();
`,
    );
    await typed.succeed('node', 'app.mjs');
    const [staged] = readdirSync(path.join(typed.directory, 'cdk.out')).filter(
      (name) =>
        name.startsWith('asset.') && existsSync(path.join(typed.directory, 'cdk.out', name, 'Dockerfile')),
    );
    const context = path.join(root, 'infra/image/serving');
    expect(FileSystem.fingerprint(path.join(typed.directory, 'cdk.out', staged!))).toBe(
      FileSystem.fingerprint(context),
    );
  });

  test('an error class bundles a few kilobytes, and both forms of a Lambda answer', async () => {
    typed.write(
      'error.mjs',
      `import { RerankerError } from '@sagemaker-reranker/client'; export const is = RerankerError.isInstance;`,
    );
    const bundle = (entry: string, format: 'esm' | 'cjs') =>
      build({
        entryPoints: [path.join(typed.directory, entry)],
        absWorkingDir: typed.directory,
        bundle: true,
        minify: true,
        platform: 'node',
        format,
        write: false,
        external: ['@aws-sdk/*'],
      });
    const { outputFiles } = await bundle('error.mjs', 'esm');
    expect(outputFiles[0]!.contents.length).toBeLessThan(5_000);
    typed.write('lambda.mjs', `export { handler } from '@sagemaker-reranker/client/lambda';`);
    const event = { query: 'in-memory cache', documents: ['a cat sat', 'redis keeps values in memory'] };
    for (const [format, file] of [
      ['esm', 'lambda-out.mjs'],
      ['cjs', 'lambda-out.cjs'],
    ] as const) {
      const out = await bundle('lambda.mjs', format);
      typed.write(file, out.outputFiles[0]!.text);
      const script = `import('./${file}').then(async ({ handler }) => console.log(JSON.stringify(await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 60_000 }))))`;
      Object.assign(typed.env, {
        RERANKER_ENDPOINT_NAME: 'e',
        RERANKER_ENDPOINT_URL: endpoint.url,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
      });
      const { stdout } = await typed.succeed('node', '-e', script);
      expect(JSON.parse(stdout)).toMatchObject({ results: [{ index: 1 }, { index: 0 }] });
    }
  });
});

const [, least] = /LEAST = \[(2, \d+)\]/.exec(
  readFileSync(path.join(root, 'infra/src/cdk-version.ts'), 'utf8'),
)!;

describe.each([`${least!.replace(', ', '.')}.0`, 'latest'])(
  'a CDK app of somebody else, with aws-cdk-lib %s',
  (version) => {
    interface Synthesized {
      readonly stackName: string;
      readonly counts: Readonly<Record<string, number>>;
      readonly environment?: Readonly<Record<string, unknown>>;
      readonly errors: readonly string[];
    }
    let stacks: Synthesized[];
    let theirs: Project;
    beforeAll(async () => {
      theirs = project('module');
      const packages = [
        '@sagemaker-reranker/infra',
        `aws-cdk-lib@${version}`,
        'constructs',
        '@types/node@22',
      ];
      await theirs.install(...packages);
      theirs.write('app.mjs', readFileSync(path.join(__dirname, 'cdk-app.mjs'), 'utf8'));
      const { stdout } = await theirs.succeed('node', 'app.mjs');
      stacks = JSON.parse(stdout) as Synthesized[];
    });
    const stack = (name: string): Synthesized => stacks.find(({ stackName }) => stackName === name)!;

    test('its types hold with skipLibCheck off', async () => {
      theirs.write('app.ts', readFileSync(path.join(__dirname, 'typed-cdk-app.ts'), 'utf8'));
      theirs.write('tsconfig.json', JSON.stringify(tsconfig('nodenext', 'nodenext', ['app.ts'])));
      const outcome = await theirs.run('node', require.resolve('typescript/bin/tsc'), '-p', '.');
      expect(outcome).toMatchObject({ status: 0, stdout: '' });
    });

    test('synthesizes without a warning: endpoints, traffic of several models, batches, callers', () => {
      expect(stacks.flatMap(({ errors }) => errors)).toEqual([]);
      expect(stack('Made').counts).toMatchObject({
        'AWS::SageMaker::Endpoint': 1,
        'AWS::ApplicationAutoScaling::ScalableTarget': 1,
        'AWS::CloudWatch::Alarm': 14,
      });
      expect(stack('Traffic').counts).toMatchObject({
        'AWS::SageMaker::Endpoint': 2,
        'AWS::SageMaker::Model': 5,
        'AWS::CloudWatch::Dashboard': 1,
      });
      expect(stack('Batch').counts).toMatchObject({ 'AWS::StepFunctions::StateMachine': 1 });
    });

    test.each([
      ['Serverless', 'RERANKER_PAYLOAD_LIMIT_BYTES', '4194304'],
      ['Asynchronous', 'RERANKER_INPUT_LOCATION', expect.anything() as unknown],
      ['MultiModel', 'RERANKER_TARGET_MODEL', 'tiny.tar.gz'],
      ['Components', 'RERANKER_INFERENCE_COMPONENT', 'x-turbo'],
      ['RealTime', 'RERANKER_ENDPOINT_NAME', 'x'],
      ['Elsewhere', 'RERANKER_REGION', 'us-east-1'],
    ])('a function knows how to call an endpoint that exists: %s', (name, variable, value) => {
      expect(stack(name).environment).toMatchObject({ [variable]: value });
    });
  },
);

test.each(OWN)('publint and attw find no fault in %s', async (name) => {
  const tool = (bin: string): string => path.join(root, 'node_modules/.bin', bin);
  const any = project();
  await any.succeed(tool('publint'), 'run', registry.archive(name), '--strict');
  await any.succeed(tool('attw'), registry.archive(name), '--profile', 'node16');
});
