import { writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import path from 'node:path';
import { type BatchRuns, runBatches } from '@sagemaker-reranker/inference/verify';
import { VARIANTS } from '@sagemaker-reranker/models';
import { randomWeights } from '@sagemaker-reranker/models/build';
import { plainJinaBert } from './plain-graph.js';
import { SEED, THREADS, randomPairs, synthesized } from './setting.js';
import type { Setting } from './setting.js';

/** Runs of one process; the median counts. */
const REPEATS = 5;
/** The plain graph holds about four copies of its scores (3.8 at 4,096 tokens); a quarter as much again must be free. */
const COPIES = 5;
const MEGABYTE = 1e6;

/** One long pair through tiny fp32 and through the plain graph of its weights, each in a process of its own. */
export async function longPairs(setting: Setting): Promise<void> {
  const { directory, report, note } = setting;
  const { manifest, model } = await synthesized(
    { ...setting, directory: path.join(directory, 'long') },
    'tiny',
    'fp32',
  );
  const { architecture } = VARIANTS.tiny;
  const plainModel = path.join(directory, 'plain.onnx');
  await writeFile(plainModel, plainJinaBert(architecture, randomWeights(architecture, SEED)));
  const run = (file: string, tokens: number): Promise<BatchRuns> => {
    note(`one pair of ${tokens} tokens, ${file === model ? 'this graph' : 'the plain graph'}`);
    const { inputs, output, tokenizer } = manifest;
    const load = { modelFile: file, inputs, output, pad: tokenizer.pad, threads: THREADS };
    return runBatches(load, [{ pairs: randomPairs(1, tokens), repeats: REPEATS }]);
  };
  for (const [tokens, limit] of [
    [2048, 350],
    [8192, 700],
  ] as const) {
    const name = `tiny fp32, one pair of ${tokens} tokens`;
    const ours = await run(model, tokens);
    const peak = (ours.peakBytes + ours.emptyBytes) / MEGABYTE;
    report({ name: `${name}: time`, value: ours.milliseconds[0]!, unit: 'ms' });
    report({ name: `${name}: peak of the process`, value: peak, unit: 'MB', target: { atMost: limit } });
    const fitting = fits(tokens, architecture.heads) ? tokens : tokens / 2;
    const plain = await run(plainModel, fitting);
    const same = fitting === tokens ? ours : await run(model, fitting);
    const of = `tiny fp32, ${fitting} tokens, plain graph`;
    report({ name: `${of}: time`, value: plain.milliseconds[0]!, unit: 'ms' });
    report({
      name: `${of}: peak of the process`,
      value: (plain.peakBytes + plain.emptyBytes) / MEGABYTE,
      unit: 'MB',
    });
    report({
      name: `${of}: its time that this graph takes`,
      value: same.milliseconds[0]! / plain.milliseconds[0]!,
      unit: 'x',
      target: { atMost: 0.5 },
    });
    report({
      name: `${of}: largest difference of the logits`,
      value: Math.abs(same.logits[0]![0]! - plain.logits[0]![0]!),
      unit: 'logit',
      target: { atMost: 1e-4 },
    });
  }
}

function fits(tokens: number, heads: number): boolean {
  return freemem() > COPIES * 4 * heads * tokens ** 2;
}
