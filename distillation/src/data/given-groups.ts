import { ModelError, Random } from '@sagemaker-reranker/models';
import { readLines, type Fault } from './lines.js';
import { candidateId, drawOthers, type DrawOptions, type Group } from './pairs.js';
import type { TermIndex } from './term-index.js';
import type { TextRecord } from './text-record.js';

/**
 * Groups of a user's queries, `{"query", "positive"}` a line: the positive where it is known, the nearest by BM25, and
 * random ones.
 * @throws ModelError `config_invalid` naming malformed lines, unknown positives, and ids that several documents have.
 */
export async function* givenGroups(
  file: string,
  records: readonly TextRecord[],
  index: TermIndex,
  { seed, hard, random: others }: Pick<DrawOptions, 'seed' | 'hard' | 'random'>,
  onFault?: (fault: Fault) => void,
): AsyncGenerator<Group> {
  const places = new Map(records.map(({ id }, i) => [id, i]));
  if (places.size < records.length) throw repeated(records, places);
  const search = index.search(0, records.length);
  const near = (query: string, positive?: number): number[] =>
    search
      .find(index.analyze(query), 3 * hard + 10)
      .filter((found) => positive === undefined || (found !== positive && !index.same(found, positive)))
      .slice(0, hard);
  const everything = { first: 0, end: records.length };
  const random = new Random(seed);
  const form = (record: number): number =>
    candidateId(record, records[record]!.title === '' ? 'text' : 'full');
  const parse = (value: unknown): { query: string; positive?: number } | string => {
    const { query, positive } = (value ?? {}) as { query?: unknown; positive?: unknown };
    if (typeof query !== 'string' || query.trim() === '') return '"query" must be a text';
    if (positive === undefined) {
      const some = others > 0 || near(query).length > 0;
      return some ? { query } : 'it shares no word with any document, and candidates.random is 0';
    }
    const place = places.get(positive as string);
    return place === undefined
      ? `"positive" ${JSON.stringify(positive)} is no document of the corpus`
      : { query, positive: place };
  };
  for await (const { query, positive } of readLines(file, parse, onFault)) {
    yield {
      query,
      ...(positive !== undefined && { positive: form(positive) }),
      hard: near(query, positive).map(form),
      random: drawOthers(others, everything, positive, random).map(form),
    };
  }
}

/** @param places of the last record of each id */
function repeated(records: readonly TextRecord[], places: ReadonlyMap<string, number>): ModelError {
  const ids = new Set(records.filter(({ id }, i) => places.get(id) !== i).map(({ id }) => id));
  const shown = [...ids].slice(0, 5).map((id) => JSON.stringify(id));
  const message = `${ids.size} ids stand for several documents of the corpus, and "positive" could mean any of them: ${shown.join(', ')}`;
  return new ModelError('config_invalid', message);
}
