import { FORMS } from '../data/queries.js';
import { TermIndex } from '../data/term-index.js';
import { porter } from '../data/terms.js';
import { candidatesOf } from '../data/pairs.js';
import type { TextRecord } from '../data/text-record.js';
import type { Teacher, TextGroup } from './teacher.js';

/** BM25 with the statistics of all records, terms stemmed by Porter's algorithm. */
export class Bm25Teacher implements Teacher {
  readonly name = 'bm25';
  #index: TermIndex | undefined;

  async prepare(records: readonly TextRecord[]): Promise<void> {
    this.#index = new TermIndex(records, await porter());
  }

  score(groups: readonly TextGroup[]): Promise<number[][]> {
    const index = this.#index!;
    const scores = groups.map(({ group }) => {
      const query = index.analyze(group.query);
      return candidatesOf(group).map((candidate) =>
        index.score(
          query,
          typeof candidate === 'string'
            ? index.analyze(candidate)
            : index.terms(Math.floor(candidate / FORMS.length), FORMS[candidate % FORMS.length]!),
        ),
      );
    });
    return Promise.resolve(scores);
  }
}
