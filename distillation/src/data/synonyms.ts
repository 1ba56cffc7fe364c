import type { Random } from '@sagemaker-reranker/models';
import { readTextRecords } from './text-record.js';

/** Other words of the same meaning, by word. */
export type Synonyms = ReadonlyMap<string, readonly string[]>;

/** Share of a query's words with synonyms that are replaced. */
const REPLACED = 0.5;

/** What is replaced: "an" and "me" stand in WordNet for degrees and states alone. */
const REPLACEABLE = /^\p{Ll}{4,}$/u;

/**
 * Reads records whose titles are words of one meaning, separated by ", ", as `models gather` writes WordNet's. Words that stand
 * in several records have several meanings: nothing replaces them, though they may replace others. Names, which have capitals,
 * do neither.
 * @throws ModelError as `readTextRecords`.
 */
export async function readSynonyms(file: string): Promise<Synonyms> {
  const meanings = new Map<string, readonly string[][]>();
  for await (const { title } of readTextRecords(file)) {
    const words = title.split(', ').filter((word) => word === word.toLowerCase());
    for (const word of words.filter((each) => REPLACEABLE.test(each))) {
      const others = words.filter((other) => other !== word);
      meanings.set(word, [...(meanings.get(word) ?? []), others]);
    }
  }
  const synonyms = new Map<string, readonly string[]>();
  for (const [word, [others, ...more]] of meanings)
    if (more.length === 0 && others!.length > 0) synonyms.set(word, others!);
  return synonyms;
}

/** The query with some of its words replaced by others of the same meaning. */
export function paraphrase(query: string, synonyms: Synonyms, random: Random): string {
  return query.replace(/\p{L}+/gu, (word) => {
    const others = synonyms.get(word.toLowerCase());
    return others && random.next() < REPLACED ? others[random.below(others.length)]! : word;
  });
}
