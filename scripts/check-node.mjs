// Runs the tests of the packed packages and of the command on every Node that is supported: `npm run check:node [20 22 24]`.
// The npm packages node-PLATFORM-ARCH carry Node's binaries.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const name = `node-${process.platform}-${process.arch}`;
const outcomes = [];

for (const major of majors) {
  const home = path.join(root, 'build', `node-${major}`);
  const bin = path.join(home, 'node_modules', name, 'bin');
  mkdirSync(home, { recursive: true });
  if (!existsSync(bin))
    run('npm', ['install', '--no-audit', '--no-fund', '--prefix', home, `${name}@${major}`]);
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  run('node', ['--version'], env);
  const { status } = run('node', ['node_modules/jest/bin/jest.js', 'test/packages', 'test/cli/main'], env);
  outcomes.push(`Node ${major}: ${status === 0 ? 'passed' : 'FAILED'}`);
  if (status !== 0) process.exitCode = 1;
}
console.log(outcomes.join('\n'));

function run(command, args, env = process.env) {
  return spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
}
