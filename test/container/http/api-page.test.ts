import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FORMATS } from '../../../container/src/codec/index.js';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

const page = readFileSync(path.resolve(__dirname, '../../../docs/api.md'), 'utf8');
const [, formats = ''] = /\n### Formats\n([^]*?)\n### /.exec(page)!;
const rows = [...formats.matchAll(/^\| `([\w-]+)` \| `(.+)` \| `(.+)` \|$/gm)].map(
  ([, name, request, answer]) => [name!, request!, answer!] as const,
);
const requestOf = (name: string) => rows.find(([each]) => each === name)![1];
const answerOf = (name: string) => JSON.parse(rows.find(([each]) => each === name)![2]) as unknown;

let container: ContainerProcess;
beforeAll(async () => (container = await startContainer(embeddedModelDirectory())));
afterAll(stopContainers);

/** A value with what differs from model to model and from call to call left out: scores, ids and times, but not their places. */
function shown(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      key === 'timings'
        ? Object.keys(each as object)
        : key === 'id' || (typeof each === 'number' && !Number.isInteger(each))
          ? typeof each
          : each,
    ),
  );
}

const fence = (language: string) => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(formats)![1]!;
const parsed = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

function post(body: string, headers: Readonly<Record<string, string>>) {
  return container.send('/invocations', { body, headers });
}

describe('docs/api.md', () => {
  it('shows every format', () => {
    const names = new Set([...FORMATS.values()].map(({ name }) => name));
    expect(rows.map(([name]) => name).sort()).toEqual([...names].sort());
  });

  it.each(rows)(
    'shows what %s is answered with, told by its shape or by its name',
    async (name, body, answer) => {
      // Infinity's body is Jina's too: it is told apart by its route or its name.
      const shapes = name === 'infinity' ? [] : ['application/json'];
      for (const type of [...shapes, `application/json; format=${name}`]) {
        const { status, json, headers } = await post(body, { 'content-type': type });
        expect(status).toBe(200);
        expect(shown(json)).toEqual(shown(JSON.parse(answer)));
        await container.logged('reranked', { requestId: headers['x-request-id'], format: name });
      }
    },
  );

  it('shows rows of CSV that are read, and answered as it says', async () => {
    const answer = await post(fence('csv'), { 'content-type': 'text/csv' });
    const [record] = (answerOf('jina-sagemaker') as { data: unknown[] }).data;
    expect(parsed(answer.text).map(shown)).toEqual([shown(record), shown(record)]);
    expect(parsed(answer.text)).toMatchObject([{ id: '7' }, { id: '8' }]);
  });

  it('shows lines that are answered one by one', async () => {
    const told = rows.filter(([name]) => name !== 'infinity');
    const body = told.map(([, request]) => request).join('\n');
    const answer = await post(body, { 'content-type': 'application/jsonlines' });
    expect(parsed(answer.text).map(shown)).toEqual(told.map(([name]) => shown(answerOf(name))));
  });

  it('shows a streamed answer', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/jsonlines' };
    const lines = parsed((await post(requestOf('jina'), headers)).text);
    const byPlace = (all: unknown[]) =>
      (all as { index?: number }[]).sort((a, b) => (a.index ?? 9) - (b.index ?? 9));
    expect(byPlace(lines).map(shown)).toEqual(parsed(fence('jsonlines')).map(shown));
  });
});
