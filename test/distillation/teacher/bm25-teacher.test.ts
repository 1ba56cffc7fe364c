import type { TextRecord } from '../../../distillation/src/data/text-record.js';
import { Bm25Teacher } from '../../../distillation/src/teacher/bm25-teacher.js';

const { log } = Math;

/** Lengths 2, 4 and 2 terms, so 8/3 in the mean; stop words are no terms. */
const records: TextRecord[] = [
  { id: 'a', title: 'The fox', text: 'in its den.' },
  { id: 'b', title: '', text: 'Foxes, a fox, the river and a bank' },
  { id: 'c', title: 'River', text: 'stones' },
];

async function score(query: string, ...texts: string[]): Promise<number[]> {
  const teacher = new Bm25Teacher();
  await teacher.prepare(records);
  const [scores] = await teacher.score([{ group: { query, hard: texts, random: [] }, texts }]);
  return scores!;
}

// k1 = 0.9, b = 0.4: k1 (1 - b + b length / mean) is 0.81 for 2 terms, 1.08 for 4, and 0.675 for 1.
// Of N = 3 records n = 2 have a fox, 1 has a den: idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
const FOX = log(1 + 1.5 / 2.5);
const DEN = log(1 + 2.5 / 1.5);
const UNSEEN = log(1 + 3.5 / 0.5);

test.each([
  ['one term, once', 'fox', 'The fox in its den.', (FOX * 1 * 1.9) / (1 + 0.81)],
  ['two terms add up', 'fox den', 'The fox in its den.', ((FOX + DEN) * 1.9) / 1.81],
  [
    'a term twice, in a longer text',
    'fox',
    'Foxes, a fox, the river and a bank',
    (FOX * 2 * 1.9) / (2 + 1.08),
  ],
  ['a term asked for twice counts twice', 'fox fox', 'The fox in its den.', (2 * FOX * 1.9) / 1.81],
  ['a text that no record holds', 'FOXES', 'fox', (FOX * 1.9) / (1 + 0.675)],
  ['a term that no record has', 'moon', 'moon', (UNSEEN * 1.9) / (1 + 0.675)],
  ['no term in common', 'fox', 'River stones', 0],
  ['a query of stop words', 'the and of', 'The fox in its den.', 0],
])('BM25 as worked by hand: %s', async (_, query, text, expected) => {
  const [found] = await score(query, text);
  expect(found).toBeCloseTo(expected, 12);
});

test('scores each candidate by its own text, in their order', async () => {
  const scores = await score('river den', 'River stones', 'The fox in its den.', '');
  expect(scores).toEqual(
    [(FOX * 1.9) / 1.81, (DEN * 1.9) / 1.81, 0].map((x) => expect.closeTo(x, 12) as number),
  );
});
