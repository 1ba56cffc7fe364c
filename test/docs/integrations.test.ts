import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { startContainer, stopContainers, type ContainerProcess } from '../container/support/process.js';

const docs = path.resolve(__dirname, '../../docs');
const page = readFileSync(path.join(docs, 'integrations.md'), 'utf8');
const exchanges = [...page.matchAll(/```(json|csv) request\n([^]*?)```\s+```\1 answer\n([^]*?)```/g)].map(
  ([, type, request, answer]) => [type!, request!, answer!] as const,
);

let container: ContainerProcess;
beforeAll(async () => (container = await startContainer(embeddedModelDirectory())));
afterAll(stopContainers);

/** A value with what differs from call to call left out: ids, and scores beyond their second decimal. */
function shown(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) => {
      if (key === 'id') return typeof each;
      return typeof each === 'number' ? Number(each.toFixed(1)) : each;
    }),
  );
}

it('shows what every caller of the page sends and is answered', () => {
  expect(exchanges.length).toBe(page.match(/```\w+ request/g)!.length);
  expect(exchanges.length).toBeGreaterThanOrEqual(6);
});

it.each(exchanges)('a request as %s is answered as the page says: %s', async (type, request, answer) => {
  const media = type === 'csv' ? 'text/csv' : 'application/json';
  const given = await container.send('/invocations', {
    body: request,
    headers: { 'content-type': media, accept: media },
  });
  expect(given.status).toBe(200);
  expect(String(given.headers['content-type'])).toContain(media);
  const numbers = (text: string) => text.trimEnd().split('\n').map(Number);
  if (type === 'csv') expect(shown(numbers(given.text))).toEqual(shown(numbers(answer)));
  else expect(shown(given.json)).toEqual(shown(JSON.parse(answer)));
});

it('is JSON in every block, below the request line that some have', () => {
  for (const [, block] of page.matchAll(/```json(?: \w+)?\n([^]*?)```/g)) {
    expect(() => JSON.parse(block!.replace(/^(GET|PUT|POST) .*\n/, '')) as unknown).not.toThrow();
  }
});

it('links to files that are there', () => {
  for (const [, file] of page.matchAll(/\]\(([^)#]+)\)/g))
    expect(existsSync(path.join(docs, file!))).toBe(true);
});
