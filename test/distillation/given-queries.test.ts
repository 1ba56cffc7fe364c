import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { containerEntry } from '@sagemaker-reranker/container';
import { startLocalEndpoint } from '../../container/src/local/index.js';
import type { Group } from '../../distillation/src/data/pairs.js';
import { readManifest } from '@sagemaker-reranker/models';
import { reranker } from '../support/cli.js';
import { CONFIG, CORPUS, STUDENT } from '../support/distillation.js';

/** A record's number times three, in the form of title and text. */
const full = (record: number): number => 3 * record + 2;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'given-queries-'));
  await writeFile(path.join(directory, 'corpus.jsonl'), CORPUS);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function distil(name: string, queries: string, change: object = {}) {
  const at = (file: string): string => path.join(directory, file);
  await writeFile(at(`${name}.jsonl`), queries);
  const config = {
    ...CONFIG,
    queries: `${name}.jsonl`,
    student: { ...STUDENT, steps: 1, hardShare: { start: 1, end: 1 } },
    work: `${name}-work`,
    out: `${name}-out`,
    ...change,
  };
  await writeFile(at(`${name}.json`), JSON.stringify(config));
  const result = await reranker(['models', 'distil', at(`${name}.json`), '--threads', '1']);
  const groups = async (stage = 'groups'): Promise<Group[]> =>
    (await readFile(at(`${name}-work/${stage}.jsonl`), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Group);
  return { ...result, groups, out: at(`${name}-out`), file: at(`${name}.jsonl`) };
}

test('queries of a user: with a document that answers them, and without', async () => {
  const { code, stderr, groups, out } = await distil(
    'both',
    '{"query":"how was the wing made","positive":"wing"}\n\n{"query":"flour garden"}\n',
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const [wing, flour, ...more] = await groups();
  expect(more).toEqual([]);
  expect(wing).toMatchObject({ query: 'how was the wing made', positive: full(2) });
  expect(wing!.hard).not.toContain(full(2));
  expect(wing!.random).not.toContain(full(2));
  expect(flour!.positive).toBeUndefined();
  // The two words stand next to each other in the record of "flour", number 3.
  expect(flour!.hard[0]).toBe(full(3));
  expect(flour!.hard).toHaveLength(3);
  for (const { random } of [wing!, flour!]) expect(random).toHaveLength(2);
  expect(await readManifest(out)).toMatchObject({ name: 'tiny-student' });
});

const FAULTY =
  '{"query":"wing","positive":"wing"}\n{"query":"wing","positive":"wings"}\n{"query":" "}\n{"query"\n{"query":"lamp"}\n';

test('malformed queries are named by file and line and counted, and nothing is written', async () => {
  const { code, stderr, file, groups } = await distil('faulty', FAULTY);
  expect(code).toBe(1);
  expect(stderr).toContain(`3 malformed lines: ${file}:2: "positive" "wings" is no document of the corpus`);
  expect(stderr).toContain(`${file}:3: "query" must be a text`);
  expect(stderr).toContain(`${file}:4: is not JSON`);
  await expect(groups()).rejects.toThrow(/ENOENT/);
});

test('leniently they are left out, each named, and counted at the end', async () => {
  const { code, stderr, file, groups } = await distil('lenient', FAULTY, { lenient: true });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const line of [2, 3, 4]) expect(stderr).toContain(`left out ${file}:${line}: `);
  expect(stderr).toContain('3 malformed lines were left out');
  expect((await groups()).map(({ query }) => query)).toEqual(['wing', 'lamp']);
});

test('a container answers as teacher, with a logit for each candidate', async () => {
  const endpoint = await startLocalEndpoint({ port: 0, containerEntry: containerEntry() });
  try {
    const teachers = [{ kind: 'container', url: endpoint.containerUrl, weight: 1 }];
    const { code, stderr, groups } = await distil('container', '{"query":"wing"}\n{"query":"lamp"}\n', {
      teachers,
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const scored = await groups('scored');
    expect(scored).toHaveLength(2);
    for (const { hard, random, teacher } of scored) {
      expect(teacher).toHaveLength(hard.length + random.length);
      expect(new Set(teacher).size).toBeGreaterThan(1);
    }
  } finally {
    await endpoint.close();
  }
});

test('a corpus without two documents is refused, leniently too', async () => {
  const empty = path.join(directory, 'empty.jsonl');
  await writeFile(empty, '\n{"id":"one","text":"alone"}\n{}\n');
  const { code, stderr } = await distil('few', '{"query":"x"}\n', { corpus: [empty], lenient: true });
  expect(code).toBe(1);
  expect(stderr).toContain(`the corpus (${empty}) has 1 documents: at least 2 are wanted`);
});

test('a container that cannot be reached is named as the teacher that failed', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const teachers = [{ kind: 'container', url: `http://127.0.0.1:${port}`, weight: 1 }];
  const { code, stderr } = await distil('unreachable', '{"query":"wing"}\n', { teachers });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /the teacher container-0 failed in groups 1 to 1 of .*: no connection to the container: /,
  );
});

test('a query that no document shares a word with is named, where no random candidate stands in', async () => {
  const candidates = { hard: 3, random: 0, rounds: 1 };
  const queries = '{"query":"wing"}\n{"query":"xylophone"}\n';
  const { code, stderr, file } = await distil('alone', queries, { candidates });
  expect(code).toBe(1);
  expect(stderr).toContain(`1 malformed line: ${file}:2: it shares no word with any document`);
});

test('ids that stand for several documents are named', async () => {
  await writeFile(path.join(directory, 'corpus-twice.jsonl'), CORPUS + CORPUS.split('\n')[2]);
  const corpus = ['corpus-twice.jsonl'];
  const { code, stderr } = await distil('twice', '{"query":"wing","positive":"wing"}\n', { corpus });
  expect(code).toBe(1);
  expect(stderr).toContain('1 ids stand for several documents');
  expect(stderr).toContain('"wing"');
});
