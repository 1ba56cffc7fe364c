import { readdirSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');
const skipped = new Set(['node_modules', 'build', 'dist', 'cdk.out', '.git', 'coverage', 'reference']);

/** Pages below a folder, as paths from the root; not the changelog, which tells of what is past. */
export function* markdown(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* markdown(name);
    else if (entry.name.endsWith('.md') && entry.name !== 'CHANGELOG.md') yield name;
  }
}
