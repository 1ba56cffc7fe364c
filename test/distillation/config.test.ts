import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDistilConfig, readRecipe } from '@sagemaker-reranker/distillation';
import { CONFIG, CORPUS, STUDENT } from '../support/distillation.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'config-'));
  await writeFile(path.join(directory, 'corpus.jsonl'), CORPUS);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const good = { ...CONFIG, work: 'work', out: 'out' };

async function read(config: unknown) {
  const file = path.join(directory, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return readDistilConfig(file);
}

test('a config is read with its paths beside it', async () => {
  const { corpus, work } = await read(good);
  expect(corpus).toEqual([path.join(directory, 'corpus.jsonl')]);
  expect(work).toBe(path.join(directory, 'work'));
});

const student = (change: object): object => ({ student: { ...STUDENT, ...change } });
const architecture = (change: object): object =>
  student({ architecture: { ...STUDENT.architecture, ...change } });

test.each<[string, object, string]>([
  ['an unknown field', { speed: 1 }, 'speed is not known (corpus, '],
  [
    'an unknown field of candidates',
    { candidates: { ...CONFIG.candidates, easy: 1 } },
    'candidates.easy is not known',
  ],
  ['an unknown field of the student', student({ dropout: 0.1 }), 'student.dropout is not known'],
  [
    'an unknown field of the architecture',
    architecture({ kvHeads: 2 }),
    'student.architecture.kvHeads is not known',
  ],
  [
    'an unknown field of the loss',
    student({ loss: { kl: 1, margin: 1 } }),
    'student.loss.margin is not known',
  ],
  [
    'an unknown field of a teacher',
    { teachers: [{ kind: 'bm25', weight: 1, k1: 2 }] },
    'teachers[0].k1 is not known',
  ],
  [
    'an unknown kind of teacher',
    { teachers: [{ kind: 'oracle', weight: 1 }] },
    'teachers[0].kind must be one of bm25',
  ],
  ['a missing field', { candidates: { hard: 3, random: 2 } }, 'candidates.rounds is missing'],
  ['a share above all', { joined: 1.5 }, 'joined must be a number from 0 to 1'],
  ['a variant there is not', student({ variant: 'small' }), 'student.variant must be "base" or "turbo"'],
  ['a missing student', { student: undefined }, 'student is missing'],
  ['a text for a number', student({ steps: '40' }), 'student.steps must be a whole number of at least 1'],
  [
    'heads that do not divide',
    architecture({ heads: 5 }),
    'student.architecture.heads (5) must divide architecture.hidden (16)',
  ],
  [
    'training length over the longest pair',
    student({ trainingTokens: 300 }),
    'student.trainingTokens (300) must be at most maxLength (256)',
  ],
  ['more negatives than candidates', student({ negatives: 6 }), 'student.negatives (6) must be at most 5'],
  [
    'more negatives than candidates without the record',
    {
      ...student({ negatives: 5, loss: { kl: 1 } }),
      candidates: { ...CONFIG.candidates, withPositive: 0.5 },
    },
    'student.negatives (5) must be at most 4',
  ],
  [
    'no candidates',
    { candidates: { hard: 0, random: 0, rounds: 1 } },
    'student.negatives (3) must be at most 0',
  ],
  [
    'a depth that is too small',
    { candidates: { ...CONFIG.candidates, depth: 2 } },
    'candidates.depth (2) must be at least candidates.hard (3)',
  ],
  [
    'a loss without a term',
    student({ loss: { temperature: 1 } }),
    'student.loss must give one of contrastive, kl, marginMse a weight above 0',
  ],
  ['a negative weight', student({ loss: { kl: -1 } }), 'student.loss.kl must be a number of at least 0'],
  ['a loss that wants a teacher', { teachers: [] }, 'student.loss wants a teacher and teachers is empty'],
  [
    'a vocabulary that no training gives',
    { tokenizer: { minimumCharacterCount: 2 }, ...architecture({ vocabulary: 40_000 }) },
    'student.architecture.vocabulary (40000) must be from 100 to 29999',
  ],
  [
    'a tokenizer of two kinds',
    { tokenizer: { file: 'x', minimumCharacterCount: 2 } },
    'tokenizer must be an object with "file", or',
  ],
  [
    'words of a teacher that is none',
    { words: 'teacher' },
    'words is "teacher" and none of the teachers is a sentence-encoder',
  ],
  [
    'synonyms for queries that are given',
    { queries: 'corpus.jsonl', synonyms: 'corpus.jsonl' },
    'synonyms is for weak queries and "queries" is given',
  ],
  ['a corpus that is not there', { corpus: ['nowhere.jsonl'] }, 'corpus[0] is not there: '],
  ['synonyms that are not there', { synonyms: 'nowhere.jsonl' }, 'synonyms is not there: '],
  [
    'a teacher that is not there',
    { teachers: [{ kind: 'cross-encoder', directory: 'teacher', weight: 1 }] },
    'teachers[0].directory is not there: ',
  ],
  [
    'an encoder that is not there',
    { teachers: [{ kind: 'sentence-encoder', model: 'm.onnx', tokenizer: 't.json', weight: 1 }] },
    'teachers[0].model is not there: ',
  ],
])('%s is named', async (_, change, fault) => {
  await expect(read({ ...good, ...change })).rejects.toThrow(fault);
});

test('every fault is named at once', async () => {
  const all = read({ ...good, precision: 'int4', ...architecture({ heads: 0 }), corpus: [] });
  await expect(all).rejects.toThrow(/corpus must name files.*architecture\.heads must be.*precision must be/);
});

test('a recipe is held to the same', async () => {
  const file = path.join(directory, 'recipe.json');
  await writeFile(file, JSON.stringify({ ...STUDENT, speed: 1 }));
  await expect(readRecipe(file)).rejects.toThrow('speed is not known');
});
