import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { combineScores, scoreGroups } from '../../../distillation/src/teacher/score-groups.js';
import { remoteTeacher, type ScoreDocuments } from '../../../distillation/src/teacher/teacher.js';

const GROUPS = 150;
const { abs } = Math;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'scores-'));
  const lines = (values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  const documents = Array.from({ length: 3 }, (_, i) => ({ id: `d${i}`, title: '', text: `text ${i}` }));
  const groups = Array.from({ length: GROUPS }, (_, i) => ({
    query: String(i),
    positive: 0,
    hard: [3],
    random: ['own'],
  }));
  await writeFile(path.join(directory, 'documents.jsonl'), lines(documents));
  await writeFile(path.join(directory, 'groups.jsonl'), lines(groups));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (score: ScoreDocuments): Promise<void> =>
  scoreGroups(directory, [{ teacher: remoteTeacher('far', score), weight: 1 }], () => undefined);
const good: ScoreDocuments = (query, documents) =>
  Promise.resolve(documents.map((text, i) => Number(query) + i / 4 + (text === 'own' ? 0.125 : 0)));
const read = (name: string): Promise<string> => readFile(path.join(directory, name), 'utf8');
const lineCount = async (name: string): Promise<number> => (await read(name)).split('\n').length - 1;

test('asks a remote teacher for each group with the texts of its candidates, and keeps the answers', async () => {
  const asked: [string, readonly string[]][] = [];
  await run((query, documents) => {
    asked.push([query, documents]);
    return good(query, documents);
  });
  expect(asked).toHaveLength(GROUPS);
  expect(asked[7]).toEqual(['7', ['text 0', 'text 1', 'own']]);
  const scored = (await read('scored.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(scored[7]).toEqual({
    query: '7',
    positive: 0,
    hard: [3],
    random: ['own'],
    teacher: [7, 7.25, 7.625],
  });
});

test('a teacher that fails is named with the groups; what it had answered is kept and not asked again', async () => {
  const failing: ScoreDocuments = (query, documents) =>
    query === '100' ? Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:9')) : good(query, documents);
  await expect(run(failing)).rejects.toMatchObject({
    code: 'teacher_failed',
    message: expect.stringMatching(
      /the teacher far failed in groups 65 to 128 of .*: connect ECONNREFUSED/,
    ) as string,
  });
  expect(await lineCount('scores-far.jsonl')).toBe(64);
  await expect(read('scored.jsonl')).rejects.toThrow(/ENOENT/);
  const asked: string[] = [];
  await run((query, documents) => {
    asked.push(query);
    return good(query, documents);
  });
  expect(asked).toEqual(Array.from({ length: GROUPS - 64 }, (_, i) => String(64 + i)));
  expect(await lineCount('scored.jsonl')).toBe(GROUPS);
});

test.each([
  ['too few scores', [1, 2], '[1,2]'],
  ['too many scores', [1, 2, 3, 4], '[1,2,3,4]'],
  ['no number', [1, Number.NaN, 3], '[1,null,3]'],
  ['an infinite one', [1, 2, Number.POSITIVE_INFINITY], '[1,2,null]'],
])('an answer with %s is refused by its group', async (_, answer, shown) => {
  await expect(
    run((query, documents) => (query === '70' ? Promise.resolve(answer) : good(query, documents))),
  ).rejects.toMatchObject({
    code: 'teacher_failed',
    message: expect.stringContaining(
      `answered group 71 of ${directory} with ${shown}, not with 3 numbers`,
    ) as string,
  });
  expect(await lineCount('scores-far.jsonl')).toBe(64);
});

test('a sum weighs z-scores; one teacher is taken as it is, and equal scores say nothing', () => {
  expect(combineScores([[3, 5, 4]], [0.2])).toEqual([3, 5, 4]);
  // Mean 2, deviation sqrt(2/3): z-scores are -1, 0 and 1 times sqrt(3/2).
  const sum = combineScores(
    [
      [1, 2, 3],
      [7, 7, 7],
    ],
    [0.4, 0.6],
  );
  [-1, 0, 1].forEach((z, i) => expect(abs(sum[i]! - 0.4 * z * Math.sqrt(1.5))).toBeLessThan(1e-5));
});

test('groups.jsonl without a group is refused by name', async () => {
  await writeFile(path.join(directory, 'groups.jsonl'), '');
  await expect(run(good)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining(`${path.join(directory, 'groups.jsonl')} holds no group`) as string,
  });
});
