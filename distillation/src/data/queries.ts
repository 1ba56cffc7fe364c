import type { Random } from '@sagemaker-reranker/models';
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
  (topic: string) => `how is ${topic} done`,
  (topic: string) => `which are the methods for ${topic}`,
  (topic: string) => `is there something about ${topic}`,
  (topic: string) => `i am looking for information on ${topic}`,
  (topic: string) => `documents that discuss ${topic}`,
  (topic: string) => `${topic} ?`,
];

const split = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Fewest words of a text that a span can be cut from. */
const SPAN_SOURCE = 16;

/** Draws one weak query of a record; undefined when the record has too little text for any. */
export function drawQuery(record: TextRecord, random: Random): WeakQuery | undefined {
  const words = split(record.text);
  const style = random.next();
  const titled = record.title !== '';
  if (words.length < SPAN_SOURCE) return shortQuery(record, words, random);
  if (titled && style < 0.3) return { query: record.title, forms: ['text', 'text', 'text', 'full'] };
  if (titled && style < 0.5) return sentenceQuery(record, words, random);
  const span = spanQuery(record, words, random);
  if (style > 0.85) {
    const topic = titled && random.next() < 0.5 ? record.title : span.query;
    return { ...span, query: WRAPPERS[random.below(WRAPPERS.length)](topic) };
  }
  return span;
}

/** A glossary entry or a package with one line: title and text ask for each other. */
function shortQuery(record: TextRecord, words: readonly string[], random: Random): WeakQuery | undefined {
  if (record.title === '' || words.length < 3) return undefined;
  if (random.next() < 0.5) return { query: thin(words, 0.2, random).join(' '), forms: ['title'] };
  const names = record.title.split(', ');
  return { query: names[random.below(names.length)], forms: ['text'] };
}

/** A sentence of the text, asked of bare titles or of what is left of the text. */
function sentenceQuery(record: TextRecord, words: readonly string[], random: Random): WeakQuery {
  const ends = words.flatMap((word, i) => (/[.!?:;]$/.test(word) || i === words.length - 1 ? [i + 1] : []));
  const at = random.below(ends.length);
  const start = at === 0 ? 0 : ends[at - 1];
  const end = Math.min(ends[at], start + 25);
  const query = words.slice(start, end).join(' ');
  if (end - start < 4) return { query: record.title, forms: ['text'] };
  if (random.next() < 0.6) return { query, forms: ['title'] };
  return { query, forms: ['full', 'text'], remainder: cut(words, start, end) };
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
    [words[i], words[j]] = [words[j], words[i]];
  }
}
