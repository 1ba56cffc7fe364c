import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RULES } from './suite.js';

const text = readFileSync(path.join(__dirname, 'README.md'), 'utf8');
const [, faults, sound] = text.split(/^## .*$/m) as [string, string, string];

/** Rows of a table, without its head: what was found, and what holds it. */
const rowsOf = (section: string) =>
  section
    .split('\n')
    .filter((line) => /^\| (?!-)/.test(line))
    .slice(1)
    .map((line) => line.split(' | ') as [found: string, heldBy: string]);

test('all faults of the review are here, and all that was sound', () => {
  expect(rowsOf(faults).length).toBeGreaterThanOrEqual(24);
  expect(rowsOf(sound).length).toBeGreaterThanOrEqual(8);
});

test.each([...rowsOf(faults), ...rowsOf(sound)])('%s: what holds it exists', (_, heldBy) => {
  const ids = [...heldBy.matchAll(/`([^`]+)`/g)].map(([, id]) => id!);
  for (const id of ids) expect(RULES.map((rule) => rule.id)).toContain(id);
  // Titles before a link are of the file that it names.
  const files = [...heldBy.matchAll(/((?:"[^"]+"(?:, )?)+) in \[[^\]]+\]\(([^)]+)\)/g)];
  for (const [, titles, file] of files) {
    const source = path.join(__dirname, file!);
    expect([file, existsSync(source)]).toEqual([file, true]);
    const tests = readFileSync(source, 'utf8');
    for (const [, title] of titles!.matchAll(/"([^"]+)"/g))
      expect([title, ["'", '"', '`'].some((quote) => tests.includes(quote + title!))]).toEqual([title, true]);
  }
  expect(ids.length + files.length).toBeGreaterThan(0);
  expect(heldBy.match(/\]\(/g)?.length ?? 0).toBe(files.length);
});
