import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { EncodedGroups, groupTexts, readGroups } from '../../../distillation/src/data/groups.js';
import { lexicalNegatives, lexicalStage } from '../../../distillation/src/data/first-stages.js';
import {
  drawGroups,
  drawQueries,
  trimRecord,
  type DrawOptions,
  type DrawnQuery,
  type FirstStage,
  type Group,
} from '../../../distillation/src/data/pairs.js';
import { FORMS, drawQuery } from '../../../distillation/src/data/queries.js';
import { TermIndex } from '../../../distillation/src/data/term-index.js';
import { scoreGroups } from '../../../distillation/src/teacher/score-groups.js';
import { SentenceTeacher } from '../../../distillation/src/teacher/sentence-teacher.js';
import type { TextRecord } from '../../../distillation/src/data/text-record.js';
import { trainTokenizer } from '../../../distillation/src/data/train-tokenizer.js';
import { Random } from '../../../models/src/common/random.js';

const WORDS =
  'wing flow graph node server index sound image solver matrix heat shell parser query cache'.split(' ');

/** Texts that share some words, as descriptions do. */
function makeRecords(count: number): TextRecord[] {
  const random = new Random(1);
  const word = (): string => WORDS[random.below(WORDS.length)];
  return Array.from({ length: count }, (_, i) =>
    trimRecord(
      {
        id: `r${i}`,
        title: `tool${i} for the ${word()} of a ${word()}`,
        text: Array.from(
          { length: 6 },
          () => `The ${word()} number${i} is a ${word()} with some ${word()}.`,
        ).join('\n'),
      },
      120,
    ),
  );
}

const records = makeRecords(60);
const options = { seed: 3, rounds: 2, hard: 5, random: 2 };
const index = new TermIndex(records, (word) => word);
/** Two collections: a query is asked of its own. */
const collections = [
  { first: 0, end: 40 },
  { first: 40, end: 60 },
];
const recordOf = (id: number | string): number => Math.floor(Number(id) / FORMS.length);

function draw(wanted: DrawOptions & { rounds: number }, ...more: FirstStage[]): Group[] {
  const queries = [...drawQueries(records, index, wanted)];
  const first = wanted.depth === undefined ? lexicalNegatives : lexicalStage;
  return [...drawGroups(records, queries, collections, [first(index, collections), ...more], wanted)];
}
let directory: string;
let groups: Group[];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pairs-'));
  groups = draw(options);
  const lines = (values: readonly object[]): string =>
    values.map((value) => `${JSON.stringify(value)}\n`).join('');
  await writeFile(path.join(directory, 'documents.jsonl'), lines(records));
  await writeFile(path.join(directory, 'groups.jsonl'), lines(groups));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('drawGroups', () => {
  it('is the same for the same seed and differs for another', () => {
    expect(draw(options)).toEqual(groups);
    expect(draw({ ...options, seed: 4 })).not.toEqual(groups);
  });

  it('replaces words of some queries by synonyms, and leaves the others and their candidates as they are', () => {
    const synonyms = new Map([['wing', ['aerofoil', 'lifting surface']]]);
    const plain = [...drawQueries(records, index, options)];
    const paraphrased = [...drawQueries(records, index, options, synonyms)];
    const changed = paraphrased.filter(({ query }, i) => query !== plain[i]!.query);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThan(plain.length);
    for (const { query } of changed) expect(query).toMatch(/aerofoil|lifting surface/);
    const rest = (all: DrawnQuery[]): unknown[] => all.map((drawn) => ({ ...drawn, query: '' }));
    expect(rest(paraphrased)).toEqual(rest(plain));
  });

  it('never offers the positive as a negative', () => {
    expect(groups).toHaveLength(120);
    for (const group of groups) {
      const [positive, ...negatives] = groupTexts(group, records);
      expect(negatives).toHaveLength(group.hard.length + 2);
      expect(negatives).not.toContain(positive);
      if (typeof group.positive === 'number') {
        const record = Math.floor(group.positive / FORMS.length);
        for (const id of [...group.hard, ...group.random])
          expect(Math.floor(Number(id) / FORMS.length)).not.toBe(record);
      }
    }
  });

  it('draws every form for positives and for negatives', () => {
    const forms = (ids: readonly (number | string | undefined)[]): Set<number> =>
      new Set(ids.filter((id) => typeof id === 'number').map((id) => id % FORMS.length));
    expect(forms(groups.map(({ positive }) => positive)).size).toBe(FORMS.length);
    expect(forms(groups.flatMap(({ hard }) => hard)).size).toBe(FORMS.length);
  });
});

describe('drawGroups to a depth', () => {
  const deep = { ...options, rounds: 4, hard: 6, depth: 30, withPositive: 0.5 };
  const drawn = draw(deep);

  it('draws near candidates of the first so many of the own collection, a third of them of the first ten', () => {
    const find = lexicalStage(index, collections);
    const asked = draw({ ...deep, withPositive: 1 });
    const places = asked.flatMap(({ query, positive, hard, random }) => {
      const record = recordOf(positive!);
      const { first, end } = collections.find((one) => record < one.end)!;
      for (const other of [...hard, ...random]) {
        expect(recordOf(other)).toBeGreaterThanOrEqual(first);
        expect(recordOf(other)).toBeLessThan(end);
      }
      const found = find({ query, record, forms: [] }, 0, 30);
      const at = hard.map((id) => found.indexOf(recordOf(id)));
      expect(new Set(at).size).toBe(at.length);
      expect(at).not.toContain(-1);
      expect(at.filter((place) => place < 10).length).toBeGreaterThanOrEqual(Math.min(2, at.length));
      return at;
    });
    expect(Math.max(...places)).toBeGreaterThan(20);
  });

  it('draws as many of each first stage, none of them twice', () => {
    const last: FirstStage = ({ record }: DrawnQuery) => (record < 40 ? [39, 38, 37] : [59, 58, 57]);
    for (const { hard } of draw(deep, last)) {
      const near = hard.map(recordOf);
      expect(new Set(near).size).toBe(near.length);
      expect(near.filter((id) => [37, 38, 39, 57, 58, 59].includes(id)).length).toBeGreaterThanOrEqual(3);
    }
  });

  it('leaves the record itself out of a share of the groups', () => {
    const without = drawn.filter(({ positive }) => positive === undefined).length;
    expect(without).toBeGreaterThan(0.35 * drawn.length);
    expect(without).toBeLessThan(0.65 * drawn.length);
    expect(draw({ ...deep, withPositive: 1 }).every((g) => g.positive !== undefined)).toBe(true);
  });

  it('shows other documents in one form in some groups and in several in others', () => {
    const found = drawn.filter(({ hard }) => hard.length > 0);
    const forms = found.map(({ hard }) => new Set(hard.map((id) => Number(id) % FORMS.length)).size);
    expect(new Set(forms)).toEqual(new Set([1, 2, 3]));
  });
});

describe('drawQuery', () => {
  it('cuts the query out of the remainder and nothing else', () => {
    const random = new Random(8);
    const text = Array.from({ length: 40 }, (_, i) => `w${i}${i % 8 === 7 ? '.' : ''}`).join(' ');
    let cuts = 0;
    for (let i = 0; i < 400; i++) {
      const drawn = drawQuery({ id: 'r', title: 'some title', text }, random, () => 1)!;
      if (drawn.remainder === undefined) continue;
      cuts++;
      const left = drawn.remainder.split(' ');
      // A slip makes of one of the words another.
      const own = drawn.query.split(' ').filter((word) => text.split(' ').includes(word));
      expect(own.filter((word) => left.includes(word))).toEqual([]);
      expect(text.split(' ').filter((word) => left.includes(word))).toEqual(left);
    }
    expect(cuts).toBeGreaterThan(50);
  });

  it('asks titles and glosses for each other, and gives up on too little text', () => {
    const gloss = { id: 'g', title: 'drag, retarding force', text: 'the phenomenon of resistance to motion' };
    const queries = Array.from({ length: 50 }, (_, i) => drawQuery(gloss, new Random(i), () => 1)!);
    expect(new Set(queries.flatMap(({ forms }) => forms))).toEqual(new Set(['title', 'text']));
    expect(queries.some(({ query }) => query === 'retarding force')).toBe(true);
    expect(drawQuery({ id: 'n', title: '', text: 'two words' }, new Random(1), () => 1)).toBeUndefined();
  });
});

describe('lexicalNegatives', () => {
  const corpus = [
    { id: '0', title: 'solver', text: 'sparse matrix solver for heat conduction problems in solids' },
    {
      id: '1',
      title: 'solver headers',
      text: 'sparse matrix solver for heat conduction problems in solids, headers',
    },
    { id: '2', title: 'heater', text: 'controls the heat of a house from the command line' },
    { id: '3', title: 'game', text: 'a board game with cards and dice for two players' },
  ];
  const all = [{ first: 0, end: 4 }];
  const find = (query: string, stem: (word: string) => string = (word) => word): readonly number[] =>
    lexicalNegatives(new TermIndex(corpus, stem), all)({ query, record: 0, forms: [] }, 0, 5);

  it('finds what shares rare words, but neither the positive nor its near copies', () => {
    expect(find('heat conduction of solids')).toEqual([2]);
    expect(find('nothing known')).toEqual([]);
    expect(find('heating')).toEqual([]);
    expect(find('heating', (word) => word.replace(/ing$|er$/, ''))).toContain(2);
  });
});

describe('readGroups', () => {
  it('names a line whose candidates are not among the documents', async () => {
    const file = path.join(directory, 'bad.jsonl');
    await writeFile(
      file,
      '{"query":"a","positive":0,"hard":[],"random":[]}\n{"query":"a","positive":9,"hard":[],"random":[]}\n',
    );
    const read = async (): Promise<void> => {
      for await (const group of readGroups(file, 3)) expect(group.positive).toBe(0);
    };
    await expect(read()).rejects.toThrow(`${file}:2: "positive" must be`);
  });

  it.each([
    ['"query" must be', { hard: [0] }],
    ['each of "random" must be', { query: 'a', random: [1.5] }],
    ['a group needs a candidate', { query: 'a' }],
    ['"teacher" must hold 2 numbers', { query: 'a', positive: 'text', hard: [2], teacher: [1] }],
    ['is not JSON', undefined],
  ])('names the line and what is wrong with it: %s', async (message, group) => {
    const file = path.join(directory, 'bad.jsonl');
    await writeFile(file, group ? JSON.stringify(group) : '{');
    const read = async (): Promise<void> => {
      for await (const found of readGroups(file, 3)) expect(found).toBeUndefined();
    };
    await expect(read()).rejects.toThrow(message);
    await expect(read()).rejects.toThrow(`${file}:1`);
  });
});

describe('tokenizer and encoded groups', () => {
  let file: string;
  async function* texts(): AsyncGenerator<string> {
    for (const { title, text } of records) yield `${title} é ${text}`;
  }
  beforeAll(async () => {
    file = path.join(directory, 'tokenizer.json');
    await trainTokenizer(texts, file, { vocabulary: 150, minimumCharacterCount: 60 });
  });

  it('has exactly the vocabulary asked for, and the same file for the same texts', async () => {
    const { model } = JSON.parse(await readFile(file, 'utf8')) as {
      model: { vocab: Record<string, number> };
    };
    expect(Object.values(model.vocab).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 150 }, (_, i) => i),
    );
    const again = path.join(directory, 'again.json');
    await trainTokenizer(texts, again, { vocabulary: 150, minimumCharacterCount: 60 });
    expect(await readFile(again, 'utf8')).toBe(await readFile(file, 'utf8'));
  });

  it('lower-cases, frames pairs, and gives unknown characters the id 3', async () => {
    const tokenizer = Tokenizer.fromFile(file);
    const ids = async (...pair: [string, string?]): Promise<number[]> =>
      (await tokenizer.encode(...pair)).getIds();
    expect(await ids('WING')).toEqual(await ids('wing'));
    expect((await ids('豆'))[1]).toBe(3);
    expect((await ids('é'))[1]).toBeGreaterThan(4);
    const [query, document] = [await ids('wing'), await ids('flow')];
    expect(await ids('wing', 'flow')).toEqual([...query, 2, ...document.slice(1)]);
  });

  it('refuses a vocabulary the texts cannot give', async () => {
    const attempt = trainTokenizer(texts, file, { vocabulary: 5000, minimumCharacterCount: 1 });
    await expect(attempt).rejects.toThrow(/no vocabulary of exactly 5000/);
  });

  it('encodes every candidate as its text would be', async () => {
    const tokenizer = Tokenizer.fromFile(file);
    const files = {
      groups: path.join(directory, 'groups.jsonl'),
      documents: path.join(directory, 'documents.jsonl'),
    };
    const encoded = await EncodedGroups.load([files, files], file);
    expect(encoded.length).toBe(2 * groups.length);
    for (const [i, group] of [...groups, ...groups].entries()) {
      const { positive, hard, random } = encoded.get(i);
      const found = [encoded.query(i), ...[positive!, ...hard, ...random].map((id) => encoded.candidate(id))];
      const wanted = await tokenizer.encodeBatch([group.query, ...groupTexts(group, records)], {
        addSpecialTokens: false,
      });
      expect(found.map((ids) => [...ids])).toEqual(wanted.map((encoding) => encoding.getIds()));
    }
  });
});

describe('scoreGroups', () => {
  /** Vectors of letter counts: a real cosine, with no model. */
  const counts = (text: string): Float32Array => {
    const vector = new Float32Array(26);
    for (const letter of text.toLowerCase()) {
      const at = letter.charCodeAt(0) - 97;
      if (at >= 0 && at < 26) vector[at]++;
    }
    const length = Math.hypot(...vector);
    return length > 0 ? vector.map((value) => value / length) : vector;
  };
  const read = (): Promise<string> => readFile(path.join(directory, 'scored.jsonl'), 'utf8');

  it('gives a text of several paragraphs the sum of their vectors, scaled to length 1', async () => {
    const asked: string[] = [];
    const encode = (texts: readonly string[]) => {
      asked.push(...texts);
      return Promise.resolve(texts.map(counts));
    };
    const teacher = new SentenceTeacher('parts', { encode, close: () => Promise.resolve() });
    const texts = ['wing', 'wing\nflow\nheat', 'flow'];
    const all = texts.map((text, i) => ({ id: String(i), title: '', text }));
    await teacher.prepare(all, directory, () => undefined);
    expect(asked).toEqual(expect.arrayContaining(['wing', 'flow', 'heat']));
    const vectors = teacher.recordVectors();
    const sum = [...counts('wing')].map((x, k) => x + counts('flow')[k]! + counts('heat')[k]!);
    const length = Math.hypot(...sum);
    [counts('wing'), sum.map((x) => x / length), counts('flow')].forEach((wanted, i) => {
      wanted.forEach((x, k) => {
        expect(vectors[i * 26 + k]).toBeCloseTo(x, 5);
      });
    });
  });

  it('writes one cosine a candidate, in order, and resumes to the same file', async () => {
    let budget = Number.POSITIVE_INFINITY;
    const encoder = {
      encode: async (texts: readonly string[]) => {
        if (--budget < 0) throw new Error('interrupted');
        return texts.map(counts);
      },
      close: async () => undefined,
    };
    const teachers = () => [{ teacher: new SentenceTeacher('letters', encoder), weight: 1 }];
    await scoreGroups(directory, teachers(), () => undefined);
    const whole = await read();
    const scored = whole
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Group);
    expect(scored).toHaveLength(groups.length);
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, k) => sum + value * b[k], 0);
    for (const [i, group] of scored.entries()) {
      const [positive, ...negatives] = groupTexts(group, records);
      expect(group.teacher).toHaveLength(1 + negatives.length);
      if (FORMS[Number(group.positive) % FORMS.length] === 'full') continue;
      expect(group.teacher![0]).toBeCloseTo(dot(counts(groups[i].query), counts(positive)), 3);
    }
    const made = ['scored.jsonl', 'scores-letters.jsonl', 'letters-titles.f32', 'letters-texts.f32'];
    for (const name of made) await rm(path.join(directory, name));
    budget = 3;
    await expect(scoreGroups(directory, teachers(), () => undefined)).rejects.toThrow('interrupted');
    await writeFile(path.join(directory, 'scores-letters.jsonl'), '[0.1');
    budget = Number.POSITIVE_INFINITY;
    await scoreGroups(directory, teachers(), () => undefined);
    expect(await read()).toBe(whole);
  });
});
