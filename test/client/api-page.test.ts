import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { startLocalEndpoint, type LocalEndpoint } from '../../container/src/local/index.js';

const root = path.resolve(__dirname, '..', '..');
const page = readFileSync(path.join(root, 'docs/api.md'), 'utf8');
const section = page.slice(page.indexOf('\n## The client'));
const snippets = [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
const titles = [...section.matchAll(/\n##+ ([^\n]+)(?=(?:(?!\n##)[^])*?```ts)/g)].map(([, title]) => title!);

let realTime: LocalEndpoint;
let asynchronous: LocalEndpoint;
let scratch: string;

beforeAll(async () => {
  const containerEntry = path.join(root, 'container', 'dist', 'main.js');
  [realTime, asynchronous] = await Promise.all([
    startLocalEndpoint({ port: 0, containerEntry }),
    startLocalEndpoint({ port: 0, containerEntry, hosting: 'asynchronous' }),
  ]);
  // Below the package, so that a snippet finds it by its name.
  await mkdir(path.join(root, 'build'), { recursive: true });
  scratch = await mkdtemp(path.join(root, 'build', 'api-page-'));
});
afterAll(async () => {
  await Promise.all([realTime?.close(), asynchronous?.close()]);
  await rm(scratch, { recursive: true, force: true });
});

/** Runs a snippet as it is printed, but for where it sends its requests. */
async function run(snippet: string): Promise<string> {
  const endpoint = snippet.includes('AsyncEndpointTransport') ? asynchronous.url : realTime.url;
  const contents = snippet
    .replace(/region: '[^']*'/, `endpoint: '${endpoint}'`)
    .replace('http://127.0.0.1:8080', realTime.containerUrl);
  const file = path.join(scratch, 'snippet.mjs');
  await build({ stdin: { contents, loader: 'ts' }, outfile: file, format: 'esm' });
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL_S3: asynchronous.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
    },
  });
  return stdout.trim();
}

const printed: Record<string, RegExp> = {
  'The client': /^42 0\.\d+$/,
  'Retries, hedging, circuit breaker': /^[01] 0\.\d+\n[01] 0\.\d+$/,
  Streams: /^([abc] 0\.\d+\n?){3}$/,
  'Asynchronous endpoints': /^2$/,
  'Without AWS': /^embedded$/,
  "The client's errors": /^invalid_request false$/,
  Telemetry: /^\d+$/,
  Adapters: /^1$/,
};

it('has a snippet in each of its parts', () => {
  expect(titles).toEqual(Object.keys(printed));
  expect(snippets).toHaveLength(titles.length);
});

it.each(titles.map((title, i) => [title, snippets[i]!]))('%s: its snippet runs', async (title, snippet) => {
  expect(await run(snippet)).toMatch(printed[title]!);
});
