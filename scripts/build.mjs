// Transpiles every room to dist/, file by file, so that `npm ci` leaves a runnable clone in under a second.
// Types are checked by `npm run typecheck`; declarations are written when the package is packed.
import { chmod, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const rooms = ['infra', 'container', 'client', 'models', 'cost', 'evaluation', 'cli', 'examples', 'bench'];

async function sources(room) {
  const entries = await readdir(path.join(root, room), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

const entryPoints = (await Promise.all(rooms.map(sources))).flat();
const { metafile } = await build({
  metafile: true,
  absWorkingDir: root,
  entryPoints,
  outdir: path.join(root, 'dist'),
  outbase: root,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});

// What an earlier build left goes last, so that a process running from dist/ is not cut off in between.
const current = new Set(Object.keys(metafile.outputs));
for (const entry of await readdir(path.join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  const relative = path.relative(root, file).split(path.sep).join('/');
  if (entry.isFile() && /\.js(\.map)?$/.test(entry.name) && !current.has(relative))
    await rm(file, { force: true });
}

// npm links a package's own command nowhere in its clone; with this, `npx reranker` finds it as it would an installed one.
const bin = path.join(root, 'node_modules', '.bin');
await chmod(path.join(root, 'dist', 'cli', 'main.js'), 0o755);
await mkdir(bin, { recursive: true });
await symlink(path.join('..', '..', 'dist', 'cli', 'main.js'), path.join(bin, 'reranker')).catch((error) => {
  if (error.code !== 'EEXIST') throw error;
});
