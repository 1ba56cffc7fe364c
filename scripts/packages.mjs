// Makes every package ready for `npm pack` after a build: declarations beside the code, licence and notice in each.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { workspaces } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const types = path.join(root, 'node_modules', '.cache', 'types');

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--outDir', types], {
  cwd: root,
  stdio: 'inherit',
});
for (const room of workspaces) {
  if (room === 'bench') continue;
  const from = path.join(types, room, 'src');
  for (const out of room === 'client' ? ['dist', 'dist/esm'] : ['dist'])
    await copyDeclarations(from, path.join(root, room, out));
  for (const file of ['LICENSE', 'NOTICE']) await cp(path.join(root, file), path.join(root, room, file));
}

async function copyDeclarations(from, to) {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.d.ts')) continue;
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const target = path.join(to, path.relative(from, file));
    await mkdir(path.dirname(target), { recursive: true });
    await cp(file, target);
  }
}
