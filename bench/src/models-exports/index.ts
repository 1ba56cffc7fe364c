import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packBatch } from '@sagemaker-reranker/inference';
import { batchFeeds, SESSION_OPTIONS, openSession } from '@sagemaker-reranker/inference/runtime';
import { runBatches } from '@sagemaker-reranker/inference/verify';
import { encoderGraph, openPublished, productsByActivation } from '@sagemaker-reranker/models/build';
import { THREADS, randomPairs } from '../models/setting.js';
import { median, medianRatio, sideBySide } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { EXPORT_SCRIPT } from './export-script.js';

const INPUTS = { input_ids: 'input_ids', attention_mask: 'attention_mask' };
/** Pairs of 16 to 192 tokens, padded to the longest. */
const MIXED = { pairs: 16, least: 16, most: 192 };
const LONG = 4096;
const ROUNDS = 7;

/** This project's fp32 graphs beside torch's exports of the same weights, structure by structure. */
export const modelsExports: Suite = {
  summary: "fp32 graphs beside torch's exports: --python FILE (about 4 min, 4 GB of free memory)",
  async run(report, note, { python }) {
    if (python === undefined) {
      throw new Error('models-exports needs --python FILE: a Python with torch and transformers');
    }
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-exports-'));
    try {
      note('exports');
      await promisify(execFile)(python, ['-c', EXPORT_SCRIPT, directory]);
      for (const name of (await readdir(directory)).sort()) {
        note(name);
        await measure(name, path.join(directory, name), report);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function measure(name: string, directory: string, report: Report): Promise<void> {
  const { spec, weights, close } = await openPublished(directory);
  const options = { tokenTypes: false, embeddings: 'fp32', products: productsByActivation('fp32') } as const;
  await encoderGraph(spec, weights, options).write(directory, 'ours.onnx');
  close();
  const files = { ours: path.join(directory, 'ours.onnx'), exported: path.join(directory, 'exported.onnx') };

  const feeds = batchFeeds(INPUTS, packBatch(pairsOf(MIXED.pairs, MIXED.least, MIXED.most), 0));
  const settings = { ...SESSION_OPTIONS, intraOpNumThreads: THREADS, enableMemPattern: false } as const;
  const ours = await openSession(files.ours, settings);
  const exported = await openSession(files.exported, settings);
  const times = await sideBySide(
    { ours: () => ours.run(feeds), exported: () => exported.run(feeds) },
    ROUNDS,
  );
  const of = `${name}, fp32, ${MIXED.pairs} pairs of ${MIXED.least} to ${MIXED.most} tokens`;
  report({ name: `${of}: this graph`, value: median(times.ours), unit: 'ms' });
  report({ name: `${of}: the export`, value: median(times.exported), unit: 'ms' });
  report({
    name: `${of}: the export over this graph`,
    value: medianRatio(times.exported, times.ours),
    unit: 'x',
    target: { atLeast: 1.2 },
  });
  const [a, b] = [(await ours.run(feeds)).logits!.data, (await exported.run(feeds)).logits!.data];
  const differences = Array.from(a as Float32Array, (logit, i) => Math.abs(logit - Number(b[i])));
  report({
    name: `${of}: largest difference of the logits`,
    value: Math.max(...differences),
    unit: 'logit',
    target: { atMost: 1e-4 },
  });
  await ours.release();
  await exported.release();

  const peak = async (modelFile: string): Promise<number> => {
    const load = { modelFile, inputs: INPUTS, output: 'logits', pad: 0, threads: THREADS };
    return (await runBatches(load, [{ pairs: pairsOf(1, LONG) }])).peakBytes;
  };
  const [less, more] = [await peak(files.ours), await peak(files.exported)];
  const long = `${name}, fp32, one pair of ${LONG} tokens`;
  report({ name: `${long}: this graph, above the empty process`, value: less / 1e6, unit: 'MB' });
  report({ name: `${long}: the export`, value: more / 1e6, unit: 'MB' });
  report({
    name: `${long}: the export over this graph`,
    value: more / less,
    unit: 'x',
    target: { atLeast: 4 },
  });
}

/** Ids within the small vocabulary. */
function pairsOf(count: number, least: number, most = least) {
  return randomPairs(count, least, most, 1_900);
}
