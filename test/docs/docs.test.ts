import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { apiTables } from '../../cli/src/api-tables.js';
import { startLocalEndpoint } from '../../container/src/local/index.js';
import type { LocalEndpoint } from '../../container/src/local/index.js';
import { bash } from '../support/cli.js';

const root = path.resolve(__dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code);
}

let endpoint: LocalEndpoint;
let scratch: string;
beforeAll(async () => {
  const containerEntry = path.join(root, 'container', 'dist', 'main.js');
  endpoint = await startLocalEndpoint({ port: 0, containerEntry });
  // Below the package, so that a snippet finds it by its name.
  await mkdir(path.join(root, 'build'), { recursive: true });
  scratch = await mkdtemp(path.join(root, 'build', 'docs-'));
});
afterAll(async () => {
  await endpoint.close();
  await rm(scratch, { recursive: true, force: true });
});

describe('docs/api.md', () => {
  it.each(Object.entries(apiTables()))(
    'has the table of %s that the code has (node scripts/docs.mjs writes it)',
    (_, table) => {
      expect(read('docs/api.md')).toContain(table);
    },
  );
});

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, target]) => target);
    const missing = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
    expect(missing).toEqual([]);
  });
});

describe.each(['README.md', 'docs/getting-started.md'])('%s', (page) => {
  const shell = blocks(read(page), 'sh').filter(
    (block) =>
      /^(npx reranker|printf|curl)/m.test(block) &&
      !block.includes('models fetch') &&
      !/local|npx cdk/.test(block.replace(/http:\S+/g, '')),
  );

  const run = async (block: string): Promise<void> => {
    const collection = path.join(scratch, 'collection');
    await mkdir(path.join(collection, 'qrels'), { recursive: true });
    await writeFile(
      path.join(collection, 'corpus.jsonl'),
      '{"_id": "d", "title": "", "text": "a database log"}\n',
    );
    await writeFile(path.join(collection, 'queries.jsonl'), '{"_id": "q", "text": "database"}\n');
    await writeFile(path.join(collection, 'qrels', 'test.tsv'), 'query-id\tcorpus-id\tscore\nq\td\t1\n');
    const script = block
      .replaceAll('npx reranker', `"${process.execPath}" cli/dist/main.js`)
      .replaceAll('http://127.0.0.1:8080', endpoint.url)
      .replaceAll('path/to/collection', collection)
      .replaceAll('build/tiny', path.join(scratch, 'tiny'));
    const { stdout } = await bash(script, { cwd: root });
    expect(stdout).not.toBe('');
    expect(stdout).not.toContain('"error"');
  };
  if (shell.length > 0) it.each(shell)('runs: %s', run);

  const snippets = blocks(read(page), 'ts');
  const runSnippet = async (block: string): Promise<void> => {
    const file = path.join(scratch, 'snippet.mjs');
    const contents = block.replace(/region: '[^']*'/, `endpoint: '${endpoint.url}'`);
    await build({ stdin: { contents, loader: 'ts' }, outfile: file, format: 'esm' });
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout).toMatch(/^42 \d\.\d{4}$/m);
  };
  if (snippets.length > 0) it.each(snippets)('runs: %s', runSnippet);
});
