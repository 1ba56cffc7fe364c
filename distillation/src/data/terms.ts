import { fingerprint } from './text-record.js';

export type Stemmer = (word: string) => string;

/** Words too common to tell texts apart; also left out of queries. */
const STOP_WORDS = new Set(
  (
    'a about also an and any are as at be been but by can do does for from had has have how i if in into is it its may ' +
    'more most no not of on one only or other so some such than that the their them then there these they this to ' +
    'use used using was we were what when where which while who will with would you your'
  ).split(' '),
);

/** Words of a text, lower case, without stop words. */
export function words(text: string): string[] {
  return fingerprint(text)
    .split(' ')
    .filter((word) => word !== '' && !STOP_WORDS.has(word));
}

/** Stems of a text's words. */
export function stems(text: string, stem: Stemmer): string[] {
  return words(text).map(stem);
}

/** Porter's stemmer, each word's stem computed once. */
export async function porter(): Promise<Stemmer> {
  // Published as an ES module only.
  const { stemmer } = await import('stemmer');
  const known = new Map<string, string>();
  return (word) => {
    let stem = known.get(word);
    if (stem === undefined) known.set(word, (stem = stemmer(word)));
    return stem;
  };
}
