import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(__dirname, '../..');
const run = promisify(execFile);
/** A project with the client and nothing else, the AWS SDK least of all. */
const project = mkdtempSync(path.join(tmpdir(), 'reranker-client-'));
const installed = path.join(project, 'node_modules/@sagemaker-reranker/client');

beforeAll(() => {
  for (const file of ['package.json', 'dist']) {
    cpSync(path.join(root, 'client', file), path.join(installed, file), { recursive: true });
  }
});
afterAll(() => rmSync(project, { recursive: true }));

const script = `
  const client = new RerankerClient({ endpointName: 'e', region: 'eu-west-1', onUnavailable: 'passthrough' });
  const started = Date.now();
  try {
    console.log(JSON.stringify(await client.rerank({ query: 'q', documents: ['a'] })));
  } catch ({ name, code, message, retryable }) {
    console.log(JSON.stringify({ name, code, message, retryable }));
  }
`;

it.each([
  ['mjs', `import { RerankerClient } from '@sagemaker-reranker/client';${script}`],
  ['cjs', `const { RerankerClient } = require('@sagemaker-reranker/client');(async () => {${script}})();`],
])(
  'a missing AWS SDK is named with its install command, in %s, and never "degraded"',
  async (kind, source) => {
    const file = path.join(project, `main.${kind}`);
    writeFileSync(file, source);
    const { stdout } = await run(process.execPath, [file]);
    expect(JSON.parse(stdout)).toEqual({
      name: 'MissingPackageError',
      code: 'missing_package',
      message:
        'the package @aws-sdk/client-sagemaker-runtime is not installed; run: npm install @aws-sdk/client-sagemaker-runtime',
      retryable: false,
    });
  },
);

it('an import of RerankerError alone bundles a few kB', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { RerankerError } from '@sagemaker-reranker/client'; console.log(RerankerError.isInstance(1));`,
      resolveDir: project,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
    external: ['@aws-sdk/*'],
  });
  expect(outputFiles[0]!.contents.byteLength).toBeLessThan(3_000);
});

it('an ESM Lambda bundle whose SDK is external starts and answers', async () => {
  const outfile = path.join(project, 'bundle.mjs');
  await build({
    stdin: { contents: `export { handler } from '@sagemaker-reranker/client/lambda';`, resolveDir: project },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    external: ['@aws-sdk/*'],
  });
  const env = { ...process.env, RERANKER_ENDPOINT_NAME: 'e', AWS_REGION: 'eu-west-1' };
  const { stdout } = await run(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const m = await import(${JSON.stringify(outfile)}); console.log(typeof m.handler)`,
    ],
    { env },
  );
  expect(stdout.trim()).toBe('function');
});
