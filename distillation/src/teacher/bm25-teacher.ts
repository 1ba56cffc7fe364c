import { terms } from '../data/hard-candidates.js';
import type { TextRecord } from '../data/text-record.js';
import type { Teacher, TextGroup } from './teacher.js';

const K1 = 0.9;
const B = 0.4;

/**
 * BM25 (k1 0.9, b 0.4) with the collection's statistics, terms stemmed by Porter's algorithm:
 * the sum over query terms of ln(1 + (N - n + 0.5) / (n + 0.5)) f (k1 + 1) / (f + k1 (1 - b + b length / mean length)).
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with Lucene's idf.
 */
export class Bm25Teacher implements Teacher {
  readonly name = 'bm25';
  private readonly frequency = new Map<string, number>();
  private documents = 0;
  private meanLength = 0;
  private stem: (word: string) => string = (word) => word;

  async prepare(records: readonly TextRecord[]): Promise<void> {
    // Published as an ES module only.
    this.stem = (await import('stemmer')).stemmer;
    let length = 0;
    this.frequency.clear();
    for (const { title, text } of records) {
      const words = this.analyze(`${title} ${text}`);
      length += words.length;
      for (const word of new Set(words)) this.frequency.set(word, (this.frequency.get(word) ?? 0) + 1);
    }
    this.documents = records.length;
    this.meanLength = length / Math.max(1, records.length);
  }

  score(groups: readonly TextGroup[]): Promise<number[][]> {
    const scores = groups.map(({ group, texts }) => {
      const query = this.analyze(group.query);
      return texts.map((text) => this.scoreText(query, text));
    });
    return Promise.resolve(scores);
  }

  private scoreText(query: readonly string[], text: string): number {
    const words = this.analyze(text);
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const norm = K1 * (1 - B + (B * words.length) / this.meanLength);
    return query.reduce((sum, word) => {
      const f = counts.get(word) ?? 0;
      if (f === 0) return sum;
      const n = this.frequency.get(word) ?? 0;
      const idf = Math.log(1 + (this.documents - n + 0.5) / (n + 0.5));
      return sum + (idf * f * (K1 + 1)) / (f + norm);
    }, 0);
  }

  private analyze(text: string): string[] {
    return terms(text).map(this.stem);
  }
}
