// Stages the file tree of an image: `node container/stage.mjs OUT [x64|arm64] [serve|train]`.
// Two bundled files, the natives of one platform, and what its process reads beside them; nothing else goes into the image.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
// Docker's names of platforms are taken too.
const ARCHITECTURES = { x64: 'x64', amd64: 'x64', arm64: 'arm64' };

// What the process of an image starts from, the process it starts, and what else it reads.
const IMAGES = {
  serve: { main: 'container/main.js', worker: 'container/engine/worker.js', more: copyEmbeddedModel },
  train: { main: 'cli/train/main.js', worker: 'models/probe/worker.js', more: writeVersion },
};

const [out, platform = process.arch, name = 'serve'] = process.argv.slice(2);
const arch = ARCHITECTURES[platform];
const image = IMAGES[name];
if (out === undefined || arch === undefined || image === undefined) {
  const choice = (table) => `[${Object.keys(table).join('|')}]`;
  console.error(
    `usage: stage.mjs OUT ${choice(ARCHITECTURES)} ${choice(IMAGES)}; got ${JSON.stringify(process.argv.slice(2))}`,
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
    main: path.join(root, 'dist', image.main),
    worker: path.join(root, 'dist', image.worker),
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

for (const [native, files] of Object.entries(natives)) {
  for (const file of files) {
    await copy(path.join(root, 'node_modules', native, file), path.join(out, 'node_modules', native, file));
  }
}

await image.more();

function copy(from, to) {
  const declarations = /\.(d\.[cm]?ts|map)$/;
  return cp(from, to, {
    recursive: true,
    dereference: true,
    filter: (source) => !declarations.test(source),
  });
}

async function copyEmbeddedModel() {
  const embedded = path.join(root, 'models/embedded');
  const manifest = JSON.parse(await readFile(path.join(embedded, 'manifest.json'), 'utf8'));
  for (const file of ['manifest.json', ...manifest.files.map((entry) => entry.path)]) {
    await copy(path.join(embedded, file), path.join(out, 'models/embedded', file));
  }
}

/** The name and version that a student's manifest says it was made by. */
async function writeVersion() {
  const { name, version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(out, 'package.json'), `${JSON.stringify({ name, version })}\n`);
}
