import type { Random } from '@sagemaker-reranker/models';
import { words as contentWords } from './terms.js';
import type { TextRecord } from './text-record.js';

/** How much of a record a candidate shows: its text, its bare title, or the title before the text. */
export type Form = 'text' | 'title' | 'full';
export const FORMS: readonly Form[] = ['text', 'title', 'full'];

/** A weak query for a record, and which forms of documents it may be asked of. */
export interface WeakQuery {
  readonly query: string;
  /** Forms of the candidates, drawn for positive and negatives alike: the form must not tell them apart. */
  readonly forms: readonly Form[];
  /** Text with the query's words cut out of it, where they are. */
  readonly remainder?: string;
}

const WRAPPERS = [
  (topic: string) => `what is ${topic}`,
  (topic: string) => `what is known about ${topic}`,
  (topic: string) => `how does one ${topic}`,
  (topic: string) => `how do i ${topic}`,
  (topic: string) => `how is ${topic} done`,
  (topic: string) => `why is there ${topic}`,
  (topic: string) => `which are the methods for ${topic}`,
  (topic: string) => `is there something about ${topic}`,
  (topic: string) => `can you explain ${topic}`,
  (topic: string) => `i am looking for information on ${topic}`,
  (topic: string) => `documents that discuss ${topic}`,
  (topic: string) => `${topic} ?`,
];

const split = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Fewest words of a text that a span can be cut from. */
const SPAN_SOURCE = 16;
/** Share of the queries that have a spelling slip. */
const SLIPS = 0.05;

/**
 * Draws one weak query of a record, as people ask: its title, a question about it, one of its sentences, words of it, rare
 * words of it, half of its text. Undefined when the record has too little text for any.
 * @param rarity of a word among the records, higher for rarer
 */
export function drawQuery(
  record: TextRecord,
  random: Random,
  rarity: (word: string) => number,
): WeakQuery | undefined {
  const words = split(record.text);
  const drawn =
    words.length < SPAN_SOURCE ? shortQuery(record, words, random) : longQuery(record, words, random, rarity);
  return drawn && random.next() < SLIPS ? { ...drawn, query: slip(drawn.query, random) } : drawn;
}

function longQuery(
  record: TextRecord,
  words: readonly string[],
  random: Random,
  rarity: (word: string) => number,
): WeakQuery {
  const titled = record.title !== '';
  const style = random.next();
  if (titled && style < 0.22) return { query: record.title, forms: ['text', 'text', 'text', 'full'] };
  if (titled && style < 0.32) return { query: asked(record.title, random), forms: ['text', 'text', 'full'] };
  if (style < 0.54) return sentenceQuery(record, words, random);
  if (style < 0.72) return keywordQuery(record, random, rarity);
  if (style < 0.78) return passageQuery(words, random);
  const span = spanQuery(record, words, random);
  return style < 0.84 ? { ...span, query: asked(span.query, random) } : span;
}

const asked = (topic: string, random: Random): string =>
  WRAPPERS[random.below(WRAPPERS.length)]!(topic.replace(/[.?!:;,]+$/, ''));

/** A glossary entry or a package with one line: title and text ask for each other. */
function shortQuery(record: TextRecord, words: readonly string[], random: Random): WeakQuery | undefined {
  if (record.title === '' || words.length < 3) return undefined;
  if (random.next() < 0.5) return { query: thin(words, 0.2, random).join(' '), forms: ['title'] };
  const names = record.title.split(', ');
  const name = names[random.below(names.length)]!;
  return { query: random.next() < 0.2 ? asked(name, random) : name, forms: ['text'] };
}

/** A sentence of the text, asked of bare titles or of what is left of the text. */
function sentenceQuery(record: TextRecord, words: readonly string[], random: Random): WeakQuery {
  const ends = words.flatMap((word, i) => (/[.!?:;]$/.test(word) || i === words.length - 1 ? [i + 1] : []));
  const at = random.below(ends.length);
  const start = at === 0 ? 0 : ends[at - 1]!;
  const end = Math.min(ends[at]!, start + 25);
  const query = words.slice(start, end).join(' ');
  if (end - start < 4)
    return record.title === '' ? spanQuery(record, words, random) : { query: record.title, forms: ['text'] };
  if (record.title !== '' && random.next() < 0.6) return { query, forms: ['title'] };
  return { query, forms: ['full', 'text'], remainder: cut(words, start, end) };
}

/** Two to seven rare words of the record in any order, as typed into a search box. */
function keywordQuery(record: TextRecord, random: Random, rarity: (word: string) => number): WeakQuery {
  const words = [...new Set(contentWords(`${record.title} ${record.text}`))];
  // Rare words first, but not always the same ones.
  const keys = new Map(words.map((word) => [word, rarity(word) * (0.4 + random.next())]));
  words.sort((a, b) => keys.get(b)! - keys.get(a)!);
  const kept = words.slice(0, 2 + random.below(6));
  shuffle(kept, random);
  return { query: kept.join(' '), forms: record.title === '' ? ['text'] : ['text', 'full'] };
}

/** At least half of the text: an abstract that asks for others like it. */
function passageQuery(words: readonly string[], random: Random): WeakQuery {
  const length = Math.ceil(words.length * (0.5 + 0.4 * random.next()));
  const start = random.below(words.length - length + 1);
  return { query: words.slice(start, start + length).join(' '), forms: ['text'] };
}

/** Some consecutive words, a few of them dropped, sometimes shuffled; half of the time cut out of the text. */
function spanQuery(record: TextRecord, words: readonly string[], random: Random): WeakQuery {
  const length = 4 + random.below(10);
  const start = random.below(words.length - length);
  const kept = thin(words.slice(start, start + length), 0.2, random);
  if (random.next() < 0.3) shuffle(kept, random);
  const query = kept.join(' ');
  const forms: Form[] = record.title === '' ? ['text'] : ['text', 'full'];
  return random.next() < 0.5
    ? { query, forms, remainder: cut(words, start, start + length) }
    : { query, forms };
}

const cut = (words: readonly string[], start: number, end: number): string =>
  [...words.slice(0, start), ...words.slice(end)].join(' ');

function thin(words: readonly string[], share: number, random: Random): string[] {
  const kept = words.filter(() => random.next() >= share);
  return kept.length >= 2 ? kept : [...words];
}

function shuffle(words: string[], random: Random): void {
  for (let i = words.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [words[i], words[j]] = [words[j]!, words[i]!];
  }
}

/** One letter of a word left out, doubled, or changed with the next. */
function slip(query: string, random: Random): string {
  const words = query.split(' ');
  const at = random.below(words.length);
  const word = words[at]!;
  if (!/^[a-z]{4,}$/i.test(word)) return query;
  const i = 1 + random.below(word.length - 2);
  const [before, one, two, after] = [word.slice(0, i), word[i]!, word[i + 1] ?? '', word.slice(i + 2)];
  words[at] = before + [two, one + one + two, two + one][random.below(3)]! + after;
  return words.join(' ');
}
