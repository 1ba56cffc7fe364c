import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDistilConfig } from '../../distillation/src/config.js';
import { reranker } from '../support/cli.js';

const page = readFileSync(path.resolve(__dirname, '../../docs/distillation.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)![1]!;

let directory: string;
beforeAll(async () => (directory = await mkdtemp(path.join(tmpdir(), 'distillation-page-'))));
afterAll(() => rm(directory, { recursive: true }));

describe('docs/distillation.md', () => {
  it('shows a config that is taken, and tells of each of its fields', async () => {
    const file = path.join(directory, 'config.json');
    await writeFile(file, block('json'));
    await writeFile(path.join(directory, 'corpus.jsonl'), '');
    await symlink(path.resolve(__dirname, '../../models'), path.join(directory, 'models'));
    const config = await readDistilConfig(file);
    for (const name of [...Object.keys(config), ...Object.keys(config.student)]) {
      expect(page).toMatch(new RegExp(`^\\|.*[\`.]${name}\\b`, 'm'));
    }
  });

  const commands = block('sh').trim().split('\n');
  it.each(commands)('names a command and flags that there are: %s', async (line) => {
    const [, , group, command] = line.split(' ');
    const { code, stdout } = await reranker([group!, command!, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`reranker ${group} ${command}`);
    for (const [flag] of line.matchAll(/--[a-z]+/g)) expect(stdout).toContain(flag);
  });
});
