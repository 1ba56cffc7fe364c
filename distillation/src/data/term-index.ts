import { stems, type Stemmer } from './terms.js';
import type { TextRecord } from './text-record.js';

export const K1 = 0.9;
export const B = 0.4;

/** Share of common terms (Jaccard) from which on two texts count as the same. */
const SAME_TEXT = 0.5;

/** Terms of a query that are looked for, rarest first: they say most, and few postings keep the search fast. */
const MOST_TERMS = 10;
const MOST_POSTINGS = 12_000;

/**
 * Records as their stemmed terms, and BM25 over them (k1 0.9, b 0.4), title and text as one field:
 * the sum over query terms of ln(1 + (N - n + 0.5) / (n + 0.5)) f (k1 + 1) / (f + k1 (1 - b + b length / mean length)).
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with Lucene's idf.
 */
export class TermIndex {
  /** Number of each term, in the order of appearance. */
  readonly #numbers = new Map<string, number>();
  /** Records that hold each term. */
  readonly #frequency: number[] = [];
  readonly #titles: Int32Array[] = [];
  readonly #texts: Int32Array[] = [];
  #length = 0;
  readonly #stem: Stemmer;

  constructor(records: Iterable<Pick<TextRecord, 'title' | 'text'>>, stem: Stemmer) {
    this.#stem = stem;
    for (const { title, text } of records) {
      const [titleTerms, textTerms] = [this.analyze(title), this.analyze(text)];
      this.#titles.push(titleTerms);
      this.#texts.push(textTerms);
      this.#length += titleTerms.length + textTerms.length;
      for (const term of new Set([...titleTerms, ...textTerms]))
        this.#frequency[term] = (this.#frequency[term] ?? 0) + 1;
    }
  }

  get size(): number {
    return this.#texts.length;
  }

  /** Terms of a record, one number a word, with repeats. */
  terms(record: number, form: 'title' | 'text' | 'full'): Int32Array {
    const [title, text] = [this.#titles[record]!, this.#texts[record]!];
    if (form !== 'full') return form === 'title' ? title : text;
    const both = new Int32Array(title.length + text.length);
    both.set(title);
    both.set(text, title.length);
    return both;
  }

  /** Terms of a text; one that no record has gets a number of its own. */
  analyze(text: string): Int32Array {
    return Int32Array.from(stems(text, this.#stem), (term) => {
      const known = this.#numbers.get(term);
      if (known !== undefined) return known;
      this.#numbers.set(term, this.#numbers.size);
      return this.#numbers.size - 1;
    });
  }

  /** BM25 of a document's terms for a query's. */
  score(query: Int32Array, document: Int32Array): number {
    const norm = K1 * (1 - B + (B * document.length) / this.meanLength);
    let sum = 0;
    for (const term of query) {
      let f = 0;
      for (const word of document) if (word === term) f++;
      if (f > 0) sum += (this.idf(term) * f * (K1 + 1)) / (f + norm);
    }
    return sum;
  }

  idf(term: number): number {
    const n = this.#frequency[term] ?? 0;
    return Math.log(1 + (this.size - n + 0.5) / (n + 0.5));
  }

  /** Of a word as it stands in a text; 0 for one that no record holds. */
  rarity(word: string): number {
    const term = this.#numbers.get(this.#stem(word));
    return term === undefined ? 0 : this.idf(term);
  }

  get meanLength(): number {
    return this.#length / Math.max(1, this.size);
  }

  /** Do two records say the same? Their titles are equal, or most of their terms are. */
  same(a: number, b: number): boolean {
    const [first, second] = [this.#titles[a]!, this.#titles[b]!];
    if (first.length > 0 && first.join() === second.join()) return true;
    const [x, y] = [new Set(this.terms(a, 'full')), new Set(this.terms(b, 'full'))];
    let common = 0;
    for (const term of x) if (y.has(term)) common++;
    return common >= SAME_TEXT * (x.size + y.size - common);
  }

  /** A search over the records from `first` on, `count` of them. */
  search(first: number, count: number): TermSearch {
    return new TermSearch(this, first, count);
  }
}

/** Postings of a part of the records, with the statistics of that part: a collection of its own. */
export class TermSearch {
  readonly #postings = new Map<number, { records: number[]; counts: number[] }>();
  readonly #norms: Float32Array;
  readonly #scores: Float32Array;
  readonly #first: number;
  readonly #count: number;

  constructor(index: TermIndex, first: number, count: number) {
    this.#first = first;
    this.#count = count;
    this.#norms = new Float32Array(count);
    this.#scores = new Float32Array(count);
    let length = 0;
    for (let i = 0; i < count; i++) {
      const terms = index.terms(first + i, 'full');
      length += this.#norms[i] = terms.length;
      const counts = new Map<number, number>();
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
      for (const [term, f] of counts) {
        let list = this.#postings.get(term);
        if (!list) this.#postings.set(term, (list = { records: [], counts: [] }));
        list.records.push(i);
        list.counts.push(f);
      }
    }
    const mean = length / Math.max(1, count);
    for (let i = 0; i < count; i++) this.#norms[i] = K1 * (1 - B + (B * this.#norms[i]!) / mean);
  }

  /** At most `most` records by falling BM25 of the query's ten rarest terms. */
  find(query: Int32Array, most: number): number[] {
    const scores = this.#scores;
    const touched: number[] = [];
    for (const { records, counts } of this.#rarest(query)) {
      const n = records.length;
      const idf = Math.log(1 + (this.#count - n + 0.5) / (n + 0.5)) * (K1 + 1);
      for (let i = 0; i < n; i++) {
        const [record, f] = [records[i]!, counts[i]!];
        if (scores[record] === 0) touched.push(record);
        scores[record]! += (idf * f) / (f + this.#norms[record]!);
      }
    }
    touched.sort((a, b) => scores[b]! - scores[a]! || a - b);
    const found = touched.slice(0, most).map((record) => this.#first + record);
    for (const record of touched) scores[record] = 0;
    return found;
  }

  #rarest(query: Int32Array): { records: number[]; counts: number[] }[] {
    const lists = [...new Set(query)].flatMap((term) => this.#postings.get(term) ?? []);
    lists.sort((a, b) => a.records.length - b.records.length);
    let postings = 0;
    return lists
      .slice(0, MOST_TERMS)
      .filter(({ records }, i) => (postings += records.length) <= MOST_POSTINGS || i === 0);
  }
}
