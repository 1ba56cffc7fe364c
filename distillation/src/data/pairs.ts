import { Random } from '@sagemaker-reranker/models';
import { FORMS, drawQuery, type Form } from './queries.js';
import { HardCandidates } from './hard-candidates.js';
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
  /** Lexically near the query, nearest first. */
  readonly hard: readonly Candidate[];
  readonly random: readonly Candidate[];
  /** Scores of a teacher for positive (where there is one), hard, then random; any scale, higher is better. */
  readonly teacher?: readonly number[];
}

/** Candidates in the order of a teacher's scores: positive (where there is one), hard, random. */
export function candidatesOf({ positive, hard, random }: Group): Candidate[] {
  return [...(positive === undefined ? [] : [positive]), ...hard, ...random];
}

export interface PairOptions {
  readonly seed: number;
  /** Queries drawn of each record. */
  readonly rounds: number;
  /** Lexically near candidates of a query, `random` ones besides. */
  readonly hard: number;
  readonly random: number;
  /**
   * How far down BM25's list the near candidates are drawn from, at random but for a third that come of its first ten:
   * what a reranker meets, in any form, for a teacher to judge. Default: the nearest, in the form of the positive.
   */
  readonly depth?: number;
  /** Share of the queries that have the record they were drawn from among their candidates. Default 1. */
  readonly withPositive?: number;
  /** Reduces words to stems before they are compared. Default: words as they stand. */
  readonly stem?: (word: string) => string;
}

/** Words of a text that are kept: more than the student reads in training would only cost. */
const LONGEST_TEXT = 120;

/** Record with its text flowed and cut to what a candidate shows. */
export function trimRecord(record: TextRecord): TextRecord {
  const words = record.text.split(/\s+/).filter((word) => word !== '');
  return { id: record.id, title: record.title, text: words.slice(0, LONGEST_TEXT).join(' ') };
}

/** Text of a candidate. */
export function candidateText(record: TextRecord, form: Form): string {
  if (form === 'text') return record.text;
  return form === 'title' ? record.title : `${record.title} ${record.text}`;
}

/**
 * Draws training groups of (trimmed) records, in a shuffled order; the same records and options give the same
 * groups. Records with too little text for a query give none, but serve as negatives.
 */
export function* drawGroups(records: readonly TextRecord[], options: PairOptions): Generator<Group> {
  const candidates = new HardCandidates(records, options.stem);
  const random = new Random(options.seed);
  for (let round = 0; round < options.rounds; round++) {
    for (const record of permutation(records.length, random)) {
      const group = drawGroup(records, record, candidates, random, options);
      if (group) yield group;
    }
  }
}

function drawGroup(
  records: readonly TextRecord[],
  record: number,
  candidates: HardCandidates,
  random: Random,
  options: PairOptions,
): Group | undefined {
  const drawn = drawQuery(records[record], random);
  if (!drawn || drawn.query.trim() === '') return undefined;
  const { withPositive = 1, depth } = options;
  const own = (of: number): CandidateId => candidateId(of, drawn.forms[random.below(drawn.forms.length)]);
  const candidate = depth === undefined ? own : anyForm(records, random);
  const positive = own(record);
  const form = FORMS[positive % FORMS.length];
  const cut = drawn.remainder !== undefined && form !== 'title';
  const others = drawOthers(options.random, records, record, random);
  const near = candidates.find(drawn.query, record, depth ?? options.hard);
  const hard = depth === undefined ? near : sample(near, options.hard, random);
  const known = random.next() < withPositive;
  if (!known && hard.length + others.length === 0) return undefined;
  return {
    query: drawn.query,
    ...(known && {
      positive: cut ? candidateText({ ...records[record], text: drawn.remainder! }, form) : positive,
    }),
    hard: hard.map(candidate),
    random: others.map(candidate),
  };
}

/** Candidates that look as different as a collection's documents do: half of the groups mix forms, the others keep to one. */
function anyForm(records: readonly TextRecord[], random: Random): (record: number) => CandidateId {
  const form = (): Form => FORMS[random.below(FORMS.length)];
  const only = random.next() < 0.5 ? form() : undefined;
  return (record) => {
    const shown = records[record].title === '' ? 'text' : (only ?? form());
    return candidateId(record, shown);
  };
}

/** Records at random, the positive (where there is one) not among them; none where there is no other record. */
export function drawOthers(
  count: number,
  records: readonly TextRecord[],
  positive: number | undefined,
  random: Random,
): number[] {
  const others: number[] = [];
  while (others.length < count && records.length > 1) {
    const other = random.below(records.length);
    if (other !== positive) others.push(other);
  }
  return others;
}

/** `count` of a ranking in its order: a third of its first ten, the others of all that are left. */
function sample(ranking: readonly number[], count: number, random: Random): number[] {
  const places = new Set<number>();
  const draw = (wanted: number, from: number): void => {
    while (places.size < Math.min(wanted, from)) places.add(random.below(from));
  };
  draw(Math.round(count / 3), Math.min(10, ranking.length));
  draw(count, ranking.length);
  return [...places].sort((a, b) => a - b).map((place) => ranking[place]);
}

function permutation(length: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
