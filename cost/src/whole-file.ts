import { writeFile } from 'node:fs/promises';
import { replaceFile } from '@sagemaker-reranker/models';
import { CostError } from './errors.js';

/**
 * Writes a file whole, or leaves what was there.
 * @throws CostError with the system's reason.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  await replaceFile(file, (part) => writeFile(part, text)).catch((cause: Error) => {
    throw new CostError(`${file} cannot be written: ${cause.message}`);
  });
}
