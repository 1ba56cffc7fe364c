import type { Collection, ReadOptions } from './collection.js';
import { EvaluationError } from './errors.js';
import { Faults, readLines, type Fault } from './lines.js';
import { rank, type Run } from './metrics.js';
import { writeWhole } from './whole-file.js';

export interface TrecRun {
  readonly run: Run;
  /** Tag of the first line: the name of the system that made the run. */
  readonly tag: string;
  /** Lines that were left out; empty unless read leniently. */
  readonly faults: readonly Fault[];
}

export interface TrecOptions extends ReadOptions {
  /** Documents a run may name: another one is a malformed line. */
  readonly collection?: Pick<Collection, 'name' | 'documents'>;
}

/**
 * Reads a TREC run file: `query-id Q0 document-id rank score tag`, separated by white space. The rank is not used:
 * like trec_eval, the score alone orders.
 * @throws EvaluationError `run_invalid` naming file and line of what is malformed, repeated or unknown, with the count.
 */
export async function readTrecRun(file: string, options: TrecOptions = {}): Promise<TrecRun> {
  const { collection, lenient = false } = options;
  const run = new Map<string, Map<string, number>>();
  const faults = new Faults();
  let firstTag: string | undefined;
  for await (const { line, number } of readLines(file)) {
    const fields = line.trim().split(/\s+/);
    const [query, , document, , scoreText, tag] = fields;
    const score = Number(scoreText);
    if (fields.length !== 6) {
      faults.add(
        file,
        number,
        `has ${fields.length} fields, not the 6 of "query Q0 document rank score tag"`,
      );
    } else if (!Number.isFinite(score)) faults.add(file, number, `score "${scoreText}" is not a number`);
    else if (collection && !collection.documents.has(document!)) {
      faults.add(file, number, `unknown document "${document}": ${collection.name} does not hold it`);
    } else if (run.get(query!)?.has(document!)) {
      faults.add(file, number, `document "${document}" is there twice for query "${query}"`);
    } else {
      run.set(query!, (run.get(query!) ?? new Map<string, number>()).set(document!, score));
      firstTag ??= tag;
    }
  }
  if (!lenient) faults.throwIfAny('run_invalid');
  if (firstTag === undefined) throw new EvaluationError('run_invalid', `${file} holds no results`, { file });
  return {
    run: new Map(
      [...run].map(([query, scores]) => [query, [...scores].map(([id, score]) => ({ id, score }))]),
    ),
    tag: firstTag,
    faults: faults.list,
  };
}

/**
 * Writes a run in the same format, ranks from 1 in the order of `rank`; the file is written whole or not at all.
 * @param tag name of the system; white space becomes `-`.
 * @throws EvaluationError `output_failed`
 */
export async function writeTrecRun(file: string, run: Run, tag: string): Promise<void> {
  await writeWhole(file, trecLines(run, tag.replace(/\s+/g, '-')));
}

function* trecLines(run: Run, tag: string): Generator<string, void> {
  for (const [query, documents] of run) {
    const scores = new Map(documents.map(({ id, score }) => [id, score]));
    const lines = rank(documents).map((id, i) => `${query} Q0 ${id} ${i + 1} ${scores.get(id)} ${tag}\n`);
    yield lines.join('');
  }
}
