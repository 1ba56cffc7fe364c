import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { paraphrase, readSynonyms } from '../../../distillation/src/data/synonyms.js';
import { Random } from '../../../models/src/common/random.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'synonyms-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(...titles: string[]) {
  const file = path.join(directory, 'synonyms.jsonl');
  const lines = titles.map((title, i) => `${JSON.stringify({ id: `s${i}`, title, text: 'a gloss' })}\n`);
  await writeFile(file, lines.join(''));
  return readSynonyms(file);
}

it('takes the words of a record for synonyms, but for names, short words and those of several meanings', async () => {
  const synonyms = await read(
    'automobile, car, motorcar',
    'car, railway carriage',
    'solitude',
    'Boat, boat, ship',
  );
  expect(Object.fromEntries(synonyms)).toEqual({
    automobile: ['car', 'motorcar'],
    motorcar: ['automobile', 'car'],
    boat: ['ship'],
    ship: ['boat'],
  });
});

it('replaces whole words in any case, half of those that it could', async () => {
  const synonyms = await read('automobile, car', 'car, carriage', 'fast, quick');
  const random = new Random(1);
  const all = Array.from({ length: 400 }, () =>
    paraphrase('Automobile (quick)? automobiles', synonyms, random),
  );
  const counts = new Map<string, number>();
  for (const query of all) counts.set(query, (counts.get(query) ?? 0) + 1);
  expect([...counts.keys()].sort()).toEqual([
    'Automobile (fast)? automobiles',
    'Automobile (quick)? automobiles',
    'car (fast)? automobiles',
    'car (quick)? automobiles',
  ]);
  for (const count of counts.values()) expect(count).toBeGreaterThan(60);
});
