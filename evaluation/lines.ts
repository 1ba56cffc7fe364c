import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { EvaluationError, type EvaluationErrorCode } from './errors';

/** A line, or an entry of a file that is one object, that could not be used. */
export interface Fault {
  readonly file: string;
  /** From 1; absent for an entry of one object, whose reason says which. */
  readonly line?: number;
  readonly reason: string;
}

/** Faults a message spells out; it counts the rest. */
const SHOWN = 5;

/** `3 malformed lines: FILE:LINE: reason; ...`, the first few spelled out. */
export function describeFaults(faults: readonly Fault[]): string {
  const shown = faults
    .slice(0, SHOWN)
    .map(({ file, line, reason }) => `${file}${line === undefined ? '' : `:${line}`}: ${reason}`);
  const rest = faults.length - shown.length;
  const unit = faults.every(({ line }) => line === undefined) ? ['entry', 'entries'] : ['line', 'lines'];
  const count = `${faults.length} malformed ${unit[faults.length === 1 ? 0 : 1]}`;
  return `${count}: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

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
