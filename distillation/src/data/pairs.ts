import { Random } from '@sagemaker-reranker/models';
import { FORMS, drawQuery, type Form, type WeakQuery } from './queries.js';
import { paraphrase, type Synonyms } from './synonyms.js';
import type { TermIndex } from './term-index.js';
import type { TextRecord } from './text-record.js';

/** A candidate document: record times three plus the position of its form in `FORMS`. */
export type CandidateId = number;

/** A document of a group: one of the records in one of its forms, or a text that no record holds. */
export type Candidate = CandidateId | string;

export function candidateId(record: number, form: Form): CandidateId {
  return record * FORMS.length + FORMS.indexOf(form);
}

/** One training example: a query, the document that answers it where one is known, and others. */
export interface Group {
  readonly query: string;
  /** A candidate, or a text of its own where the query was cut out of it. */
  readonly positive?: Candidate;
  /** Near the query. */
  readonly hard: readonly Candidate[];
  readonly random: readonly Candidate[];
  /** Scores of a teacher for positive (where there is one), hard, then random; any scale, higher is better. */
  readonly teacher?: readonly number[];
}

/** Candidates in the order of a teacher's scores: positive (where there is one), hard, random. */
export function candidatesOf({ positive, hard, random }: Group): Candidate[] {
  return [...(positive === undefined ? [] : [positive]), ...hard, ...random];
}

/** How candidates of weak queries are drawn. */
export interface DrawOptions {
  readonly seed: number;
  /** Near candidates of a query, `random` ones besides. */
  readonly hard: number;
  readonly random: number;
  /**
   * How far down each first stage's list the near candidates are drawn from, at random but for a third that come of its
   * first ten: what a reranker meets, in any form, for a teacher to judge. Default: the nearest by BM25 that do not say the
   * same as the record, in the form of the positive.
   */
  readonly depth?: number;
  /** Share of the queries that have the record they were drawn from among their candidates. Default 1. */
  readonly withPositive?: number;
}

/** A weak query and the record it was drawn from. */
export interface DrawnQuery extends WeakQuery {
  readonly record: number;
}

/** Records from `first` to before `end`: what a query is asked of. */
export interface Collection {
  readonly first: number;
  readonly end: number;
}

/** A first stage: records of the query's collection, nearest first, without the record it was drawn from. */
export type FirstStage = (query: DrawnQuery, at: number, most: number) => readonly number[];

/** Record with its text flowed and cut to what a candidate shows. */
export function trimRecord(record: TextRecord, words: number): TextRecord {
  const all = record.text.split(/\s+/).filter((word) => word !== '');
  return { id: record.id, title: record.title, text: all.slice(0, words).join(' ') };
}

/** Text of a candidate. */
export function candidateText(record: TextRecord, form: Form): string {
  if (form === 'text') return record.text;
  return form === 'title' ? record.title : `${record.title} ${record.text}`;
}

/**
 * Draws `rounds` weak queries of each record, or of that share of the records, in a shuffled order; the same records and seed give the same queries.
 * Records with too little text for a query give none.
 */
export function* drawQueries(
  records: readonly TextRecord[],
  index: TermIndex,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
  synonyms?: Synonyms,
): Generator<DrawnQuery> {
  const random = new Random(seed);
  // Their own: the other queries are the same with synonyms and without.
  const replacing = new Random(seed + 2);
  const rarity = (word: string): number => index.rarity(word);
  for (let round = 0; round < rounds; round++) {
    const share = Math.round(Math.min(1, rounds - round) * records.length);
    for (const record of permutation(records.length, random).subarray(0, share)) {
      const drawn = drawQuery(records[record]!, random, rarity);
      if (!drawn || drawn.query.trim() === '') continue;
      const query = synonyms ? paraphrase(drawn.query, synonyms, replacing) : drawn.query;
      yield { ...drawn, query, record };
    }
  }
}

/** Groups of drawn queries; candidates come from the collection of the query's record. */
export function* drawGroups(
  records: readonly TextRecord[],
  queries: readonly DrawnQuery[],
  collections: readonly Collection[],
  stages: readonly FirstStage[],
  options: DrawOptions,
): Generator<Group> {
  const random = new Random(options.seed + 1);
  for (const [at, drawn] of queries.entries()) {
    const collection = collections.find(({ end }) => drawn.record < end)!;
    const group = drawGroup(records, drawn, at, collection, stages, random, options);
    if (group) yield group;
  }
}

function drawGroup(
  records: readonly TextRecord[],
  drawn: DrawnQuery,
  at: number,
  collection: Collection,
  stages: readonly FirstStage[],
  random: Random,
  { hard, random: wanted, depth, withPositive = 1 }: DrawOptions,
): Group | undefined {
  const { record } = drawn;
  const own = (of: number): CandidateId => candidateId(of, drawn.forms[random.below(drawn.forms.length)]!);
  const candidate = depth === undefined ? own : anyForm(records, random);
  const positive = own(record);
  const form = FORMS[positive % FORMS.length]!;
  // A teacher sees for itself how much of the query a document holds.
  const cut = depth === undefined && drawn.remainder !== undefined && form !== 'title';
  const others = drawOthers(wanted, collection, record, random);
  const near =
    depth === undefined
      ? stages[0]!(drawn, at, hard)
      : sample(
          stages.map((find) => find(drawn, at, depth)),
          hard,
          random,
        );
  const known = random.next() < withPositive;
  if (!known && near.length + others.length === 0) return undefined;
  return {
    query: drawn.query,
    ...(known && {
      positive: cut ? candidateText({ ...records[record]!, text: drawn.remainder }, form) : positive,
    }),
    hard: near.map(candidate),
    random: others.map(candidate),
  };
}

/** Candidates that look as different as a collection's documents do: half of the groups mix forms, the others keep to one. */
function anyForm(records: readonly TextRecord[], random: Random): (record: number) => CandidateId {
  const form = (): Form => FORMS[random.below(FORMS.length)]!;
  const only = random.next() < 0.5 ? form() : undefined;
  return (record) => {
    const shown = records[record]!.title === '' ? 'text' : (only ?? form());
    return candidateId(record, shown);
  };
}

/** Records of a collection at random, the positive (where there is one) not among them; none where there is no other record. */
export function drawOthers(
  count: number,
  { first, end }: Collection,
  positive: number | undefined,
  random: Random,
): number[] {
  const others: number[] = [];
  while (others.length < count && end - first > 1) {
    const other = first + random.below(end - first);
    if (other !== positive) others.push(other);
  }
  return others;
}

/** `count` records of several rankings, as many of each: a third of its first ten, the others of all that are left. */
function sample(rankings: readonly (readonly number[])[], count: number, random: Random): number[] {
  const found = new Set<number>();
  rankings.forEach((ranking, i) => {
    const wanted = found.size + Math.ceil((count - found.size) / (rankings.length - i));
    const draw = (until: number, from: number): void => {
      const left = ranking.slice(0, from).filter((record) => !found.has(record));
      while (found.size < until && left.length > 0) found.add(left.splice(random.below(left.length), 1)[0]!);
    };
    draw(found.size + Math.round((wanted - found.size) / 3), 10);
    draw(wanted, ranking.length);
  });
  return [...found];
}

function permutation(length: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
