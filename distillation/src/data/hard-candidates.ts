import MiniSearch from 'minisearch';
import { fingerprint, type TextRecord } from './text-record.js';

/** Words too common to make a candidate hard; also left out of queries. */
const STOP_WORDS = new Set(
  (
    'a about also an and any are as at be been but by can do does for from had has have how i if in into is it its may ' +
    'more most no not of on one only or other so some such than that the their them then there these they this to ' +
    'use used using was we were what when where which while who will with would you your'
  ).split(' '),
);

/** Terms of a query that BM25 looks for, rarest first: they say most, and few postings keep the search fast. */
const MOST_TERMS = 10;
const MOST_POSTINGS = 12_000;

/** Share of common words (Jaccard) from which on two texts count as the same. */
const SAME_TEXT = 0.5;

export function terms(text: string): string[] {
  return fingerprint(text)
    .split(' ')
    .filter((term) => term !== '' && !STOP_WORDS.has(term));
}

/**
 * Finds records that share rare words with a query but are not the record it was cut from: negatives that lexical
 * evidence alone cannot tell from the positive. BM25 (k1 0.9, b 0.4) over title and text, of words as they stand unless
 * a stemmer is given.
 */
export class HardCandidates {
  private readonly index = new MiniSearch<{ id: number; body: string }>({
    fields: ['body'],
    // Documents and queries come as their terms, stemmed already: a stem's stem can be another.
    tokenize: (text) => (text === '' ? [] : text.split(' ')),
    processTerm: (term) => term,
    searchOptions: { bm25: { k: 0.9, b: 0.4, d: 0 } },
  });
  private readonly frequency = new Map<string, number>();
  private readonly vocabulary: Set<string>[] = [];
  private readonly titles: string[] = [];

  constructor(
    records: readonly TextRecord[],
    private readonly stem?: (word: string) => string,
  ) {
    records.forEach((record, id) => {
      const words = this.terms(`${record.title} ${record.text}`);
      this.vocabulary.push(new Set(words));
      this.titles.push(fingerprint(record.title));
      for (const term of this.vocabulary[id]) this.frequency.set(term, (this.frequency.get(term) ?? 0) + 1);
      this.index.add({ id, body: words.join(' ') });
    });
  }

  /** At most `count` records by falling BM25 score, without the positive (where there is one) and those that say the same as it. */
  find(query: string, positive: number | undefined, count: number): number[] {
    const rare = this.rarest(query);
    if (rare.length === 0) return [];
    const found: number[] = [];
    for (const { id } of this.index.search(rare.join(' '))) {
      const record = id as number;
      const own = positive !== undefined && (record === positive || this.same(record, positive));
      if (!own) found.push(record);
      if (found.length === count) break;
    }
    return found;
  }

  private terms(text: string): string[] {
    const found = terms(text);
    return this.stem ? found.map(this.stem) : found;
  }

  private rarest(query: string): string[] {
    const frequency = (term: string): number => this.frequency.get(term) ?? 0;
    const known = [...new Set(this.terms(query))].filter((term) => frequency(term) > 0);
    known.sort((a, b) => frequency(a) - frequency(b));
    let postings = 0;
    return known
      .slice(0, MOST_TERMS)
      .filter((term, i) => (postings += frequency(term)) <= MOST_POSTINGS || i === 0);
  }

  private same(a: number, b: number): boolean {
    if (this.titles[a] === this.titles[b] && this.titles[a] !== '') return true;
    const [small, large] = [this.vocabulary[a], this.vocabulary[b]].sort((x, y) => x.size - y.size);
    let common = 0;
    for (const term of small) if (large.has(term)) common++;
    return common >= SAME_TEXT * (small.size + large.size - common);
  }
}
