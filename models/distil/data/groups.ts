import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Tokenizer } from 'tokenizers';
import { ModelError } from '../../errors';
import { candidateText, type CandidateId, type Group } from './pairs';
import { FORMS } from './queries';
import { readTextRecords, type TextRecord } from './text-record';

/** Texts the native tokenizer gets at a time. */
const BATCH = 2048;

/**
 * Reads groups, one JSON object a line.
 * @throws ModelError `config_invalid` naming file and line of the first malformed group, or one whose candidates
 * are not among the documents.
 */
export async function* readGroups(file: string, documents: number): AsyncGenerator<Group> {
  const limit = documents * FORMS.length;
  const isCandidate = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    if (line.trim() === '') continue;
    let group: Partial<Group> | null;
    try {
      group = JSON.parse(line) as Partial<Group> | null;
    } catch (cause) {
      const reason = `${file}:${number} is not JSON: ${(cause as Error).message}`;
      throw new ModelError('config_invalid', reason, file, { cause });
    }
    const positive = typeof group?.positive === 'string' || isCandidate(group?.positive);
    const negatives = [group?.hard, group?.random].every(
      (list) => Array.isArray(list) && list.every(isCandidate),
    );
    if (typeof group?.query !== 'string' || !positive || !negatives) {
      throw new ModelError(
        'config_invalid',
        `${file}:${number} must hold "query" (text), "positive" (text or candidate), "hard" and "random" ` +
          `(candidates, 0 to ${limit - 1}: ${documents} documents in ${FORMS.length} forms)`,
        file,
      );
    }
    yield group as Group;
  }
}

/** Many token sequences in one array. */
class TokenTable {
  private tokens = new Int32Array(1 << 20);
  private readonly ends: number[] = [0];

  get length(): number {
    return this.ends.length - 1;
  }

  add(ids: readonly number[]): void {
    const start = this.ends[this.ends.length - 1];
    if (start + ids.length > this.tokens.length) {
      const larger = new Int32Array(Math.max(2 * this.tokens.length, start + ids.length));
      larger.set(this.tokens);
      this.tokens = larger;
    }
    this.tokens.set(ids, start);
    this.ends.push(start + ids.length);
  }

  get(index: number): Int32Array {
    return this.tokens.subarray(this.ends[index], this.ends[index + 1]);
  }
}

/** Groups in memory as token ids, without special tokens and not cut to a length. */
export class EncodedGroups {
  private readonly titles = new TokenTable();
  private readonly texts = new TokenTable();
  private readonly queries = new TokenTable();
  private readonly cuts = new TokenTable();
  private readonly positives: CandidateId[] = [];
  private readonly groups: Pick<Group, 'hard' | 'random' | 'teacher'>[] = [];

  private constructor(private readonly tokenizer: Tokenizer) {}

  /** Reads and encodes the two files that `pairs` wrote; about 0.3 million tokens a second. */
  static async load(
    groupsFile: string,
    documentsFile: string,
    tokenizerFile: string,
  ): Promise<EncodedGroups> {
    const all = new EncodedGroups(Tokenizer.fromFile(tokenizerFile));
    const records: TextRecord[] = [];
    for await (const record of readTextRecords(documentsFile)) records.push(record);
    await all.encode(
      records.map((record) => record.title),
      all.titles,
    );
    await all.encode(
      records.map((record) => record.text),
      all.texts,
    );
    const queries: string[] = [];
    const cuts: string[] = [];
    for await (const group of readGroups(groupsFile, records.length)) {
      queries.push(group.query);
      // A positive of its own is counted from -1 downwards.
      if (typeof group.positive === 'string') cuts.push(group.positive);
      all.positives.push(typeof group.positive === 'string' ? -cuts.length : group.positive);
      all.groups.push({ hard: group.hard, random: group.random, teacher: group.teacher });
    }
    await all.encode(queries, all.queries);
    await all.encode(cuts, all.cuts);
    return all;
  }

  get length(): number {
    return this.groups.length;
  }

  query(group: number): Int32Array {
    return this.queries.get(group);
  }

  positive(group: number): Int32Array {
    const positive = this.positives[group];
    return positive < 0 ? this.cuts.get(-1 - positive) : this.candidate(positive);
  }

  /** Hard negatives (nearest first) and random ones, as candidates; and the teacher's scores, if any. */
  negatives(group: number): Pick<Group, 'hard' | 'random' | 'teacher'> {
    return this.groups[group];
  }

  /** Tokens of a candidate. Title and text are apart by a space, so their tokens follow each other. */
  candidate(id: CandidateId): Int32Array {
    const record = Math.floor(id / FORMS.length);
    const form = FORMS[id % FORMS.length];
    if (form === 'title') return this.titles.get(record);
    if (form === 'text') return this.texts.get(record);
    const [title, text] = [this.titles.get(record), this.texts.get(record)];
    const both = new Int32Array(title.length + text.length);
    both.set(title);
    both.set(text, title.length);
    return both;
  }

  private async encode(texts: readonly string[], table: TokenTable): Promise<void> {
    for (let i = 0; i < texts.length; i += BATCH) {
      const batch = await this.tokenizer.encodeBatch(texts.slice(i, i + BATCH), { addSpecialTokens: false });
      for (const encoding of batch) table.add(encoding.getIds());
    }
  }
}

/** A group with the texts in place of the candidates, as a teacher reads it: positive, hard, then random. */
export function groupTexts(group: Group, records: readonly TextRecord[]): string[] {
  const text = (id: CandidateId): string =>
    candidateText(records[Math.floor(id / FORMS.length)], FORMS[id % FORMS.length]);
  const positive = typeof group.positive === 'string' ? group.positive : text(group.positive);
  return [positive, ...group.hard.map(text), ...group.random.map(text)];
}
