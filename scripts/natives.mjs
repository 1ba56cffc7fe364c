// Copies what an image needs of the packages with native code, for one platform: `node natives.mjs OUT x64|arm64`.
// The packages carry the binaries of every platform; scripts/build.mjs puts this file into each image's folder.
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

// Docker's names of platforms are taken too.
const ARCHITECTURES = { x64: 'x64', amd64: 'x64', arm64: 'arm64' };

const [out, platform = process.arch] = process.argv.slice(2);
const arch = ARCHITECTURES[platform];
if (out === undefined || arch === undefined) {
  const names = Object.keys(ARCHITECTURES).join('|');
  console.error(`usage: natives.mjs OUT [${names}]; got ${JSON.stringify(process.argv.slice(2))}`);
  process.exit(2);
}

/** Where a package is installed, at the working directory or above; not all let their package.json be resolved by name. */
function installed(name) {
  for (let place = process.cwd(); ; place = path.dirname(place)) {
    const directory = path.join(place, 'node_modules', name);
    if (existsSync(directory)) return directory;
    if (path.dirname(place) === place) throw new Error(`${name} is not installed at ${process.cwd()}`);
  }
}

const natives = {
  'onnxruntime-node': ['package.json', 'dist', `bin/napi-v6/linux/${arch}`],
  'onnxruntime-common': ['package.json', 'dist/cjs'],
  tokenizers: ['package.json', 'LICENSE', 'index.js', `tokenizers.linux-${arch}-gnu.node`],
};
for (const [name, files] of Object.entries(natives)) {
  const from = installed(name);
  for (const file of files) {
    cpSync(path.join(from, file), path.join(out, 'node_modules', name, file), {
      recursive: true,
      dereference: true,
      filter: (source) => !/\.(d\.[cm]?ts|map)$/.test(source),
    });
  }
}
