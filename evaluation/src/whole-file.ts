import { writeFile } from 'node:fs/promises';
import { replaceFile } from '@sagemaker-reranker/models';
import { EvaluationError } from './errors.js';

/**
 * Writes a file whole, or leaves what was there.
 * @throws EvaluationError `output_failed` with the system's reason: no such folder, not permitted, a full disk.
 */
export async function writeWhole(file: string, content: string | Iterable<string>): Promise<void> {
  await replaceFile(file, (part) => writeFile(part, content)).catch((cause: Error) => {
    const message = `${file} cannot be written: ${cause.message}`;
    throw new EvaluationError('output_failed', message, { file }, { cause });
  });
}
