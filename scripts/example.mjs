// Runs examples/NAME/main.ts: `npm run -s example NAME`, with the example's arguments after it; NAME/FILE runs another file of it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const examples = path.join(root, 'examples');
const [name = '', ...args] = process.argv.slice(2);
const [example, program = 'main'] = name.split('/');
const source = path.join(examples, example, `${program}.ts`);
if (example === '' || !existsSync(source)) {
  const known = readdirSync(examples).filter((each) => existsSync(path.join(examples, each, 'main.ts')));
  process.stderr.write(`npm run -s example NAME, where NAME is one of ${known.join(', ')}\n`);
  process.exit(1);
}
// Below the root, where Node finds the packages.
const outfile = path.join(root, 'build', 'examples', example, `${program}.mjs`);
await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  packages: 'external',
  // The built packages, as users have them: not their sources, which the paths of tsconfig.json name.
  tsconfigRaw: {},
  platform: 'node',
  format: 'esm',
});
const env = {
  AWS_REGION: 'us-east-1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...process.env,
};
process.exitCode = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit', env }).status ?? 1;
