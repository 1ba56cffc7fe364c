import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { writeWordEncoder } from '../support/encoder.js';
import { demoPassages } from '../../cli/src/demo/questions.js';
import { startLocalEndpoint, type LocalEndpoint } from '../../container/src/local/index.js';

const root = path.resolve(__dirname, '../..');
// The text of a passage: nothing is nearer to it, by its vector and by its words, than the passage.
const { title, text } = demoPassages().find(({ id }) => id === 'write-ahead-log')!;
const question = `${title}. ${text}`;

let scratch: string;
let encoder: string;
let reranker: LocalEndpoint;
let postgres: ChildProcess;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'rag-'));
  encoder = path.join(scratch, 'encoder');
  await writeWordEncoder(encoder);
  reranker = await startLocalEndpoint({ port: 0, containerEntry: path.join(root, 'container/dist/main.js') });
  // A socket below the scratch directory, by the name that clients of PostgreSQL look for: no port that another test takes.
  postgres = spawn(process.execPath, [
    path.join(root, 'node_modules/.bin/pglite-server'),
    `--path=${path.join(scratch, '.s.PGSQL.5432')}`,
    '--extensions=@electric-sql/pglite-pgvector:vector',
  ]);
  for await (const line of createInterface({ input: postgres.stdout! })) {
    if (line.includes('listening')) break;
  }
});
afterAll(async () => {
  const ended = once(postgres, 'exit');
  postgres.kill('SIGTERM');
  await Promise.all([ended, reranker.close()]);
  await rm(scratch, { recursive: true, force: true });
});

/** Runs the example as its page says, and returns its lines. */
async function run(name: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/example.mjs', name, ...args], {
    cwd: root,
    env: {
      ...process.env,
      RERANKER_ENDPOINT_URL: reranker.url,
      DATABASE_URL: `postgres://postgres@/postgres?host=${scratch}`,
    },
  });
  return stdout.trim().split('\n');
}

test('LangChain.js finds the passage by its vector in sqlite-vec and reranks it', async () => {
  const [first, second, third, prompt] = await run('rag-langchain', encoder, question);
  for (const line of [first, second, third]) expect(line).toMatch(/^\d\. .+ \(sqlite-vec: place \d+\)$/);
  expect(first).toBe('1. Write-ahead log (sqlite-vec: place 1)');
  expect(prompt).toMatch(/^The prompt for the chat model has \d{3,4} characters\.$/);
});

test('PostgreSQL finds it by pgvector and by its words, again in a table that is there already', async () => {
  const ranked = await run('rag-postgres', encoder, question);
  expect(ranked).toHaveLength(3);
  for (const line of ranked)
    expect(line).toMatch(/^\d\. .+ \(vectors: (\d+|not found), words: (\d+|not found)\)$/);
  expect(ranked[0]).toBe('1. Write-ahead log (vectors: 1, words: 1)');
  expect(await run('rag-postgres', encoder, question)).toEqual(ranked);
});

test('an example that there is not is answered with those that there are', async () => {
  await expect(run('rag-bm52')).rejects.toThrow('rag-bm25, rag-langchain, rag-postgres, s3-batch');
});
