import { ModelError, replaceFile } from '@sagemaker-reranker/models';
import { type SafetensorsEntry, readSafetensors, writeSafetensors } from '@sagemaker-reranker/models/build';
import { Parameter } from './adamw.js';
import { storageError } from './data/lines.js';
import type { Student } from './trainer.js';

/**
 * Writes the student with its optimizer moments after `step`; a crash leaves the previous checkpoint whole.
 * @throws ModelError `disk_full`, with the previous checkpoint kept.
 */
export async function saveCheckpoint(file: string, student: Student, step: number): Promise<void> {
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, { shape, data, first, second }] of student) {
    tensors.set(name, { shape, data });
    tensors.set(`${name}:first`, { shape, data: first });
    tensors.set(`${name}:second`, { shape, data: second });
  }
  const write = (part: string): Promise<void> => writeSafetensors(part, tensors, { step: String(step) });
  await replaceFile(file, write, `${file}.part`).catch((error: unknown) => {
    throw storageError(error, file);
  });
}

/** @throws ModelError when the file is no checkpoint. */
export async function loadCheckpoint(file: string): Promise<{ student: Student; step: number }> {
  const { tensors, metadata } = await readSafetensors(file);
  const step = Number(metadata.step);
  if (!Number.isInteger(step))
    throw new ModelError('model_invalid', `${file} is not a checkpoint: no step`, file);
  const student: Student = new Map();
  for (const [name, { shape, data }] of tensors) {
    if (name.includes(':')) continue;
    const parameter = new Parameter(shape, data);
    for (const moment of ['first', 'second'] as const) {
      const values = tensors.get(`${name}:${moment}`);
      if (!values)
        throw new ModelError('model_invalid', `${file} is not a checkpoint: no ${name}:${moment}`, file);
      parameter[moment].set(values.data);
    }
    student.set(name, parameter);
  }
  return { student, step };
}
