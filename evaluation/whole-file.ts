import { rename, rm, writeFile } from 'node:fs/promises';
import { EvaluationError } from './errors';

/**
 * Writes a file whole, or leaves what was there.
 * @throws EvaluationError `output_failed` with the system's reason: no such folder, not permitted, a full disk.
 */
export async function writeWhole(file: string, content: string | Iterable<string>): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, content);
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    const { message } = cause as Error;
    throw new EvaluationError('output_failed', `${file} cannot be written: ${message}`, { file }, { cause });
  }
}
