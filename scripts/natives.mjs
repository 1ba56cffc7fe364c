// Copies what an image needs of the packages with native code, for one platform: `node natives.mjs OUT x64|arm64`.
// The packages carry the binaries of every platform; scripts/build.mjs puts this file into each image's folder.
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
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

const { resolve } = createRequire(path.join(process.cwd(), 'package.json'));
const natives = {
  'onnxruntime-node': ['package.json', 'dist', `bin/napi-v6/linux/${arch}`],
  'onnxruntime-common': ['package.json', 'dist/cjs'],
  tokenizers: ['package.json', 'LICENSE', 'index.js', `tokenizers.linux-${arch}-gnu.node`],
};
for (const [name, files] of Object.entries(natives)) {
  const from = path.dirname(resolve(`${name}/package.json`));
  for (const file of files) {
    cpSync(path.join(from, file), path.join(out, 'node_modules', name, file), {
      recursive: true,
      dereference: true,
      filter: (source) => !/\.(d\.[cm]?ts|map)$/.test(source),
    });
  }
}
