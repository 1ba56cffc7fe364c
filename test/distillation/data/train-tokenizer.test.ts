import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { trainTokenizer } from '../../../distillation/src/data/train-tokenizer.js';

async function* texts(): AsyncGenerator<string> {
  for (const text of ['the river bank', 'the river stone', 'a stone bank']) yield await Promise.resolve(text);
}

let directory: string;
beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), 'tokenizer-'))));
afterEach(() => rm(directory, { recursive: true }));

const train = (vocabulary: number): Promise<void> =>
  trainTokenizer(texts, path.join(directory, 'tokenizer.json'), { vocabulary, minimumCharacterCount: 1 });

test('a full disk leaves no half of a tokenizer', async () => {
  // The device that is always full.
  await symlink('/dev/full', path.join(directory, 'tokenizer.json.part'));
  await expect(train(75)).rejects.toMatchObject({ code: 'disk_full' });
  expect(await readdir(directory)).toEqual([]);
  await train(75);
  expect(await readdir(directory)).toEqual(['tokenizer.json']);
});

test.each([
  [20_000, 'most'],
  [10, 'least'],
])('a vocabulary of %d is refused with the %s that the texts give', async (size, which) => {
  const error = (await train(size).catch((reason: unknown) => reason)) as Error;
  expect(error.message).toMatch(new RegExp(`no vocabulary of exactly ${size}: the ${which} is \\d+$`));
  const [possible] = /\d+$/.exec(error.message)!;
  await train(Number(possible));
  expect(await readdir(directory)).toEqual(['tokenizer.json']);
});
