import { Tokenizer } from 'tokenizers';
import { ModelError } from '@sagemaker-reranker/models';
import { readLines } from './lines.js';
import { candidatesOf, candidateText, type Candidate, type Group } from './pairs.js';
import { FORMS } from './queries.js';
import { readTextRecords, type TextRecord } from './text-record.js';

/** Texts the native tokenizer gets at a time. */
const BATCH = 2048;

/**
 * Reads groups, one JSON object a line.
 * @throws ModelError `config_invalid` naming file and line of malformed groups, or of ones whose candidates are not among
 * the documents, and counting them.
 */
export function readGroups(file: string, documents: number): AsyncGenerator<Group> {
  return readLines(file, (value) => checkGroup(value, documents));
}

/** A group as read, or what is wrong with it. */
function checkGroup(group: unknown, documents: number): Group | string {
  const { query, positive, hard = [], random = [], teacher } = (group ?? {}) as Record<keyof Group, unknown>;
  const limit = documents * FORMS.length;
  const isCandidate = (value: unknown): boolean =>
    typeof value === 'string' ||
    (Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit);
  const candidate = `a text or a candidate number (0 to ${limit - 1}: ${documents} documents in ${FORMS.length} forms)`;
  const faults: string[] = [];
  if (typeof query !== 'string') faults.push('"query" must be a text');
  if (positive !== undefined && !isCandidate(positive)) faults.push(`"positive" must be ${candidate}`);
  for (const [name, list] of Object.entries({ hard, random })) {
    const good = Array.isArray(list) && list.every(isCandidate);
    if (!good) faults.push(`each of "${name}" must be ${candidate}`);
  }
  if (faults.length > 0) return faults.join('; ');
  const value = { query, positive, hard, random, teacher } as Group;
  const count = candidatesOf(value).length;
  if (count === 0) return 'a group needs a candidate: "positive", "hard" or "random"';
  const scored = Array.isArray(teacher) && teacher.length === count && teacher.every(Number.isFinite);
  if (teacher !== undefined && !scored) {
    return `"teacher" must hold ${count} numbers, one a candidate: positive, hard, random`;
  }
  return value;
}

/** Many token sequences in one array. */
class TokenTable {
  #tokens = new Int32Array(1 << 20);
  readonly #ends: number[] = [0];

  get length(): number {
    return this.#ends.length - 1;
  }

  add(ids: readonly number[]): void {
    const start = this.#ends[this.#ends.length - 1];
    if (start! + ids.length > this.#tokens.length) {
      const larger = new Int32Array(Math.max(2 * this.#tokens.length, start! + ids.length));
      larger.set(this.#tokens);
      this.#tokens = larger;
    }
    this.#tokens.set(ids, start);
    this.#ends.push(start! + ids.length);
  }

  get(index: number): Int32Array {
    return this.#tokens.subarray(this.#ends[index], this.#ends[index + 1]);
  }
}

/** Files of one collection: text records, and groups whose candidates count them. */
interface GroupFiles {
  readonly groups: string;
  readonly documents: string;
}

/** A group whose texts are numbers for `EncodedGroups.candidate`. */
interface EncodedGroup {
  readonly positive?: number;
  readonly hard: readonly number[];
  readonly random: readonly number[];
  readonly teacher?: readonly number[];
}

/** What a step is drawn from: groups by number, and their texts as token ids. */
export interface GroupTable {
  readonly length: number;
  query(group: number): Int32Array;
  get(group: number): EncodedGroup;
  candidate(id: number): Int32Array;
}

/** Some groups of a table, from `first` to before `end`. */
export function partOf(groups: GroupTable, first: number, end: number): GroupTable {
  return {
    length: end - first,
    query: (group) => groups.query(first + group),
    get: (group) => groups.get(first + group),
    candidate: (id) => groups.candidate(id),
  };
}

/** Groups in memory as token ids, without special tokens and not cut to a length. */
export class EncodedGroups implements GroupTable {
  readonly #titles = new TokenTable();
  readonly #texts = new TokenTable();
  readonly #queries = new TokenTable();
  readonly #cuts = new TokenTable();
  readonly #groups: EncodedGroup[] = [];
  readonly #tokenizer: Tokenizer;

  private constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Reads and encodes collections, one after the other; about 0.3 million tokens a second.
   * @throws ModelError `config_invalid` naming file and line of a malformed record or group, or a file without groups.
   */
  static async load(collections: readonly GroupFiles[], tokenizerFile: string): Promise<EncodedGroups> {
    const all = new EncodedGroups(Tokenizer.fromFile(tokenizerFile));
    for (const collection of collections) await all.#add(collection);
    return all;
  }

  async #add(files: GroupFiles): Promise<void> {
    const records: TextRecord[] = [];
    for await (const record of readTextRecords(files.documents)) records.push(record);
    const first = this.#titles.length * FORMS.length;
    await this.#encode(
      records.map((record) => record.title),
      this.#titles,
    );
    await this.#encode(
      records.map((record) => record.text),
      this.#texts,
    );
    const queries: string[] = [];
    const cuts: string[] = [];
    const known = this.#cuts.length;
    // A text of its own is counted from -1 downwards.
    const number = (candidate: Candidate): number =>
      typeof candidate === 'string' ? -known - cuts.push(candidate) : first + candidate;
    for await (const group of readGroups(files.groups, records.length)) {
      const { query, positive, hard, random, teacher } = group;
      queries.push(query);
      this.#groups.push({
        ...(positive !== undefined && { positive: number(positive) }),
        hard: hard.map(number),
        random: random.map(number),
        ...(teacher && { teacher }),
      });
    }
    if (queries.length === 0) {
      throw new ModelError('config_invalid', `${files.groups} holds no group`, files.groups);
    }
    await this.#encode(queries, this.#queries);
    await this.#encode(cuts, this.#cuts);
  }

  get length(): number {
    return this.#groups.length;
  }

  query(group: number): Int32Array {
    return this.#queries.get(group);
  }

  get(group: number): EncodedGroup {
    return this.#groups[group]!;
  }

  /** Tokens of a candidate. Title and text are apart by a space, so their tokens follow each other. */
  candidate(id: number): Int32Array {
    if (id < 0) return this.#cuts.get(-1 - id);
    const record = Math.floor(id / FORMS.length);
    const form = FORMS[id % FORMS.length];
    if (form === 'title') return this.#titles.get(record);
    if (form === 'text') return this.#texts.get(record);
    const [title, text] = [this.#titles.get(record), this.#texts.get(record)];
    const both = new Int32Array(title.length + text.length);
    both.set(title);
    both.set(text, title.length);
    return both;
  }

  /** ln(N / (1 + n)) of each token id: N titles and texts, n of them with the token. */
  rarities(vocabulary: number): Float32Array {
    const counts = new Float32Array(vocabulary);
    const tables = [this.#titles, this.#texts];
    for (const table of tables)
      for (let i = 0; i < table.length; i++) for (const id of new Set(table.get(i))) counts[id]! += 1;
    const all = this.#titles.length + this.#texts.length;
    return counts.map((n) => Math.log(all / (1 + n)));
  }

  async #encode(texts: readonly string[], table: TokenTable): Promise<void> {
    for (let i = 0; i < texts.length; i += BATCH) {
      const batch = await this.#tokenizer.encodeBatch(texts.slice(i, i + BATCH), { addSpecialTokens: false });
      for (const encoding of batch) table.add(encoding.getIds());
    }
  }
}

/** A group with the texts in place of the candidates, as a teacher reads it: positive, hard, then random. */
export function groupTexts(group: Group, records: readonly TextRecord[]): string[] {
  const text = (candidate: Candidate): string =>
    typeof candidate === 'string'
      ? candidate
      : candidateText(records[Math.floor(candidate / FORMS.length)]!, FORMS[candidate % FORMS.length]!);
  return candidatesOf(group).map(text);
}
