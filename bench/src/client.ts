import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { packageRoot } from '@sagemaker-reranker/models';
import { median, sideBySide } from './side-by-side.js';
import type { Suite } from './suite.js';

const run = promisify(execFile);
const ROUNDS = 9;
const MAX_KB = 60;
const MAX_IMPORT_MS = 20;

/** How the client is bundled into a Lambda, which brings the AWS SDK itself. */
export const LAMBDA_BUNDLE = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['@aws-sdk/*'],
} satisfies BuildOptions;

/** What the client adds to a Lambda: the size of the bundle with its handler, and the time to load it in a new process. */
export const client: Suite = {
  summary: 'size and import time of the Lambda bundle and of the client, 10 s',
  async run(report, note) {
    const scratch = await mkdtemp(path.join(tmpdir(), 'bench-client-'));
    try {
      const bundle = path.join(scratch, 'handler.js');
      await build({
        entryPoints: [path.resolve(packageRoot(__dirname), '../client/dist/lambda/handler.js')],
        ...LAMBDA_BUNDLE,
        outfile: bundle,
      });
      const { size } = await stat(bundle);
      report({ name: 'Lambda bundle, minified', value: size / 1000, unit: 'kB', target: { atMost: MAX_KB } });

      note(`imports in new processes, ${ROUNDS} rounds`);
      const imports = { bundled: [] as number[], unbundled: [] as number[] };
      await sideBySide(
        {
          bundled: async () => imports.bundled.push(await importMs(bundle)),
          unbundled: async () =>
            imports.unbundled.push(
              await importMs(path.resolve(packageRoot(__dirname), '../client/dist/index.js')),
            ),
        },
        ROUNDS,
      );
      for (const [name, times] of Object.entries(imports)) {
        // Without the first, which is the round of warming up.
        const value = median(times.slice(1));
        report({ name: `import, ${name}`, value, unit: 'ms', target: { atMost: MAX_IMPORT_MS } });
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
};

/** Milliseconds that a new process takes to load a file, without its own start. */
async function importMs(file: string): Promise<number> {
  const script = `const t = performance.now(); require(${JSON.stringify(file)}); console.log(performance.now() - t)`;
  const { stdout } = await run(process.execPath, ['-e', script]);
  return Number(stdout);
}
