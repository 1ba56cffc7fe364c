import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { markdown, root } from './markdown.js';

const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && /^[a-z]+$/.test(entry.name) && entry.name !== 'build')
  .map(({ name }) => name);
const PATH = new RegExp(`[\`( ]((?:${folders.join('|')})/[\\w./-]*\\w)`, 'g');
/** `MODE.ts`, `EXECUTION/`: names that stand for others. */
const PLACEHOLDER = /(^|\/)[A-Z]+(\.|\/|$)/;
/** Written by the build, as `npm run build` does it. */
const built = (file: string): boolean => file.split('/').includes('dist');

test('every file of this repository that a page names exists', () => {
  const missing = [...markdown('.')].flatMap((page) =>
    [...readFileSync(path.join(root, page), 'utf8').matchAll(PATH)]
      .map(([, file]) => file!)
      .filter((file) => !PLACEHOLDER.test(file) && !built(file))
      .filter((file) =>
        [root, path.dirname(path.join(root, page))].every((from) => !existsSync(path.join(from, file))),
      )
      .map((file) => `${page}: ${file}`),
  );
  expect(missing).toEqual([]);
});
