import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Faults, readLines } from './lines';
import { rank, type Run, type ScoredDocument } from './metrics';
import { EvaluationError } from './errors';

/**
 * Reads a TREC run file: `query-id Q0 document-id rank score tag`, separated by white space. The rank is not used:
 * like trec_eval, the score alone orders.
 * @throws EvaluationError `run_invalid` naming file and line of what is malformed or repeated, with the count.
 */
export async function readTrecRun(file: string): Promise<Run> {
  const run = new Map<string, Map<string, number>>();
  const faults = new Faults();
  for await (const { line, number } of readLines(file)) {
    const fields = line.trim().split(/\s+/);
    const [query, , document, , scoreText] = fields;
    const score = Number(scoreText);
    if (fields.length !== 6) {
      faults.add(
        file,
        number,
        `has ${fields.length} fields, not the 6 of "query Q0 document rank score tag"`,
      );
    } else if (!Number.isFinite(score)) faults.add(file, number, `score "${scoreText}" is not a number`);
    else if (run.get(query)?.has(document)) {
      faults.add(file, number, `document "${document}" is there twice for query "${query}"`);
    } else run.set(query, (run.get(query) ?? new Map<string, number>()).set(document, score));
  }
  faults.throwIfAny('run_invalid');
  if (run.size === 0) throw new EvaluationError('run_invalid', `${file} holds no results`, { file });
  return new Map(
    [...run].map(([query, scores]) => [query, [...scores].map(([id, score]) => ({ id, score }))]),
  );
}

/** Writes a run in the same format, ranks from 1 in the order of `rank`. The tag is one word. */
export async function writeTrecRun(file: string, run: Run, tag: string): Promise<void> {
  const out = createWriteStream(file);
  const finished = once(out, 'finish');
  for (const [query, documents] of run) {
    const scores = new Map(documents.map(({ id, score }: ScoredDocument) => [id, score]));
    const lines = rank(documents).map(
      (id, i) => `${query} Q0 ${id} ${i + 1} ${scores.get(id)} ${tag.replace(/\s+/g, '-')}\n`,
    );
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await finished;
}
