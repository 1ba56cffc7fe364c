// Stages the file tree of the image: `node container/stage.mjs OUT [x64|arm64]`.
// Two bundled files, the natives of one platform, the embedded model; nothing else goes into the image.
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
// Docker's names of platforms are taken too.
const ARCHITECTURES = { x64: 'x64', amd64: 'x64', arm64: 'arm64' };

const [out, platform = process.arch] = process.argv.slice(2);
const arch = ARCHITECTURES[platform];
if (out === undefined || arch === undefined) {
  console.error(
    `usage: stage.mjs OUT [${Object.keys(ARCHITECTURES).join('|')}]; got ${JSON.stringify(process.argv.slice(2))}`,
  );
  process.exit(2);
}
if ((await readdir(out).catch(() => [])).length > 0) {
  console.error(`stage.mjs: ${out} is not empty`);
  process.exit(2);
}

const natives = {
  'onnxruntime-node': ['package.json', 'dist', `bin/napi-v6/linux/${arch}`],
  'onnxruntime-common': ['package.json', 'dist/cjs'],
  tokenizers: ['package.json', 'LICENSE', 'index.js', `tokenizers.linux-${arch}-gnu.node`],
};

await mkdir(out, { recursive: true });
await build({
  entryPoints: {
    main: path.join(root, 'dist/container/main.js'),
    worker: path.join(root, 'dist/container/engine/worker.js'),
  },
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: Object.keys(natives),
  legalComments: 'eof',
  logLevel: 'warning',
});

const declarations = /\.(d\.[cm]?ts|map)$/;
const copy = (from, to) =>
  cp(from, to, { recursive: true, dereference: true, filter: (source) => !declarations.test(source) });
for (const [name, files] of Object.entries(natives)) {
  for (const file of files) {
    await copy(path.join(root, 'node_modules', name, file), path.join(out, 'node_modules', name, file));
  }
}

const embedded = path.join(root, 'models/embedded');
const manifest = JSON.parse(await readFile(path.join(embedded, 'manifest.json'), 'utf8'));
for (const file of ['manifest.json', ...manifest.files.map((entry) => entry.path)]) {
  await copy(path.join(embedded, file), path.join(out, 'models/embedded', file));
}
