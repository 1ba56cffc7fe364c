// Transpiles every package to its dist/, file by file, and bundles what the images run.
// Types are checked by `npm run typecheck`; `npm run packages` writes declarations for what is published.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { workspaces } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));

/** What an image runs: one bundle for its process and one for the inference process beside it. */
const IMAGES = [
  { room: 'container', copy: 'serving', embedded: true },
  { room: 'distillation', copy: 'training', main: 'train/main.js', embedded: false },
];

const common = {
  absWorkingDir: root,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};

/** Files below a folder, as paths with forward slashes. */
async function filesBelow(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** Writes no file whose content has not changed, so that a process that runs from dist/ is not cut off. */
async function transpile(room, format, out) {
  const src = path.join(root, room, 'src');
  const entryPoints = (await filesBelow(src)).filter((file) => /\.ts$/.test(file));
  const outdir = path.join(root, room, out);
  const { metafile } = await build({ ...common, metafile: true, entryPoints, outdir, outbase: src, format });
  const current = new Set(Object.keys(metafile.outputs).map((file) => path.join(root, file)));
  for (const file of await filesBelow(outdir)) {
    const ours = out !== 'dist' || !file.startsWith(path.join(outdir, 'esm'));
    if (ours && /\.js(\.map)?$/.test(file) && !current.has(file)) await rm(file, { force: true });
  }
}

await Promise.all([
  ...workspaces.map((room) => transpile(room, 'cjs', 'dist')),
  transpile('client', 'esm', 'dist/esm'),
]);
await writeFile(
  path.join(root, 'client/dist/esm/package.json'),
  '{ "type": "module", "sideEffects": false }\n',
);

// The page of `reranker local`: no file of it comes from anywhere else.
const page = path.join(root, 'cli', 'page');
await build({
  ...common,
  sourcemap: false,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  bundle: true,
  minify: true,
  entryPoints: { app: 'playground/src/app.tsx', 'bm25-worker': 'playground/src/bm25-worker.ts' },
  tsconfig: 'playground/tsconfig.json',
  outdir: page,
});
await build({ ...common, sourcemap: false, minify: true, entryPoints: ['playground/app.css'], outdir: page });
for (const file of ['index.html', 'icon.svg']) {
  await cp(path.join(root, 'playground', file), path.join(page, file));
}

for (const { room, main = 'main.js', embedded, copy } of IMAGES) {
  const image = path.join(root, room, 'image');
  await build({
    ...common,
    sourcemap: false,
    entryPoints: {
      main: path.join(root, room, 'dist', main),
      worker: path.join(root, 'inference/dist/worker.js'),
    },
    outdir: image,
    bundle: true,
    format: 'cjs',
    external: ['onnxruntime-node', 'tokenizers'],
    legalComments: 'eof',
  });
  await cp(path.join(root, 'scripts', 'natives.mjs'), path.join(image, 'natives.mjs'));
  if (embedded) {
    const from = path.join(root, 'models', 'embedded');
    const { files } = JSON.parse(await readFile(path.join(from, 'manifest.json'), 'utf8'));
    await mkdir(path.join(image, 'embedded'), { recursive: true });
    for (const file of ['manifest.json', ...files.map((entry) => entry.path)]) {
      await cp(path.join(from, file), path.join(image, 'embedded', file));
    }
  }
  // A CDK app that installs infra alone builds the same image, and installs no server.
  const target = path.join(root, 'infra', 'image', copy);
  await rm(target, { recursive: true, force: true });
  await cp(image, target, { recursive: true });
}

// What RerankerFunction runs: bundled here, so that an app of somebody else needs neither a bundler nor Docker.
const handler = path.join(root, 'infra', 'image', 'function');
await rm(handler, { recursive: true, force: true });
await build({
  ...common,
  target: 'node24',
  entryPoints: { index: path.join(root, 'client/dist/lambda/handler.js') },
  outdir: handler,
  bundle: true,
  minify: true,
  format: 'cjs',
  external: ['@aws-sdk/*'],
  // The client loads the AWS SDK when it first needs it. Lambda's runtime offers the SDK by NODE_PATH, which require knows and
  // import() does not.
  supported: { 'dynamic-import': false },
});
