import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type LineFault, describeFaults } from '@sagemaker-reranker/models';
import { EvaluationError, type EvaluationErrorCode } from './errors.js';

export type Fault = LineFault;
export { describeFaults };

/** The faults of a set of files: collected, so that one run names all of them. */
export class Faults {
  readonly list: Fault[] = [];

  add(file: string, line: number | undefined, reason: string): void {
    this.list.push({ file, ...(line !== undefined && { line }), reason });
  }

  /** @throws EvaluationError naming file and line of the first faults and counting them all, if there are any. */
  throwIfAny(code: EvaluationErrorCode): void {
    if (this.list.length === 0) return;
    throw new EvaluationError(code, describeFaults(this.list), {
      count: this.list.length,
      faults: this.list.slice(0, 100),
    });
  }
}

/**
 * The lines of a text file that are not blank, with their numbers from 1.
 * @throws EvaluationError `collection_missing` when the file cannot be read.
 */
export async function* readLines(file: string): AsyncGenerator<{ line: string; number: number }> {
  const handle = await open(file).catch((cause: NodeJS.ErrnoException) => {
    throw new EvaluationError(
      'collection_missing',
      `${file} cannot be read: ${cause.code}`,
      { file },
      { cause },
    );
  });
  const input = handle.createReadStream();
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield { line: number === 1 ? line.replace(/^\uFEFF/, '') : line, number };
  }
}
