import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CLI } from '../support/cli.js';

const page = readFileSync(path.resolve(__dirname, '..', '..', 'docs', 'cost.md'), 'utf8');
const runs = [...page.matchAll(/```sh\nnpx reranker (.*)\n```\n\n```text\n([^]*?)```/g)];

test('docs/cost.md shows a comparison and the check of the queueing formula', () => {
  expect(runs.map(([, args]) => args!.split(' ').slice(0, 2))).toEqual(
    expect.arrayContaining([
      ['cost', 'compare'],
      ['cost', 'check'],
    ]),
  );
});

test.each(runs.map(([, args, output]) => [args!, output!]))(
  'docs/cost.md: `reranker %s` prints what stands under it (node scripts/docs.mjs writes it)',
  (args, output) => {
    // Prices that the user has fetched are not those of the page.
    const cache = mkdtempSync(path.join(tmpdir(), 'no-cache-'));
    try {
      const env = { ...process.env, XDG_CACHE_HOME: cache };
      expect(execFileSync(process.execPath, [CLI, ...args.split(' ')], { env, encoding: 'utf8' })).toBe(
        output,
      );
    } finally {
      rmSync(cache, { recursive: true });
    }
  },
);
