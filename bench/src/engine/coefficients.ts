import path from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { InferenceProcess, packBatch, Pair } from '@sagemaker-reranker/inference';
import { batchBytes, readManifest } from '@sagemaker-reranker/models';
import type { Report, Suite } from '../suite.js';
import { benchModel } from './models.js';

const SHAPES = [
  [1, 128],
  [16, 64],
  [4, 512],
  [1, 2_048],
  [1, 4_096],
] as const;
const SUBJECTS = [
  ['tiny', 'int8'],
  ['turbo', 'int8'],
  ['tiny', 'fp32'],
  ['base', 'fp32'],
] as const;

/** Bytes by which the resident peak of a fresh inference process grows with one batch. Linux only: proc(5). */
async function peakGrowth(directory: string, rows: number, width: number): Promise<number> {
  const { model, inputs, output, tokenizer } = await readManifest(directory);
  const process = new InferenceProcess({
    modelFile: path.join(directory, model),
    inputs,
    output,
    threads: 1,
  });
  await process.ready;
  try {
    const { pid } = process;
    // Sets the peak back to what is resident now.
    await writeFile(`/proc/${pid}/clear_refs`, '5');
    const kib = async (field: string): Promise<number> =>
      Number(new RegExp(`${field}:\\s+(\\d+)`).exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const before = await kib('VmRSS');
    const pair = Pair.ofIds(Int32Array.from({ length: width }, (_, i) => 5 + (i % 1_000)));
    await process.run(packBatch(Array<Pair>(rows).fill(pair), tokenizer.pad));
    return 1024 * ((await kib('VmHWM')) - before);
  } finally {
    process.kill();
  }
}

async function run(report: Report): Promise<void> {
  for (const [id, precision] of SUBJECTS) {
    const directory = await benchModel(id, precision);
    const { architecture } = await readManifest(directory);
    for (const [rows, width] of SHAPES) {
      const bytes = await peakGrowth(directory, rows, width);
      const name = `${id} ${precision}, ${rows} x ${width}`;
      report({ name: `${name}: bytes a padded token`, value: bytes / (rows * width), unit: 'bytes' });
      const value = bytes / batchBytes({ architecture }, rows, width);
      report({ name: `${name}: peak over what is planned`, value, unit: 'x', target: { atMost: 1 } });
    }
  }
}

export const engineCoefficients: Suite = {
  summary: 'what batches cost in memory, beside what the planner counts (1 min; Linux)',
  run,
};
