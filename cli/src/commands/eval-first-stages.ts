import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import {
  type Collection,
  type DenseEncoder,
  type FirstStage,
  bm25FirstStage,
  collectionDigest,
  denseFirstStage,
  fileName,
  fusedFirstStage,
  trecFirstStage,
} from '@sagemaker-reranker/evaluation';
import { SentenceEncoder, encodeToFile } from '@sagemaker-reranker/inference/runtime';
import { UsageError, describeFile } from '@sagemaker-reranker/models';
import { shortNames } from '../options.js';
import { ProgressBar } from '../terminal/progress.js';
import type { EvalOptions } from './eval-options.js';

/** What decides an encoder's vectors, as far as a directory has it. */
const DECIDING = [
  'config.json',
  'tokenizer.json',
  'model.safetensors',
  'model.onnx',
  'onnx/model.onnx',
  'modules.json',
  '1_Pooling/config.json',
  'config_sentence_transformers.json',
  'sentence_bert_config.json',
  'tokenizer_config.json',
];

/**
 * The first stages of one collection: BM25 or a run, and each encoder alone and fused with it.
 * @param work directory in which vectors are kept
 */
export async function firstStagesOf(
  collection: Collection,
  { run, lenient, k1, b, firstStage = [] }: EvalOptions,
  work: string,
): Promise<FirstStage[]> {
  const sparse =
    run === undefined
      ? await bm25FirstStage(collection, { k1, b })
      : await trecFirstStage(run, collection, { lenient });
  const stages = [sparse];
  for (const [name, directory] of shortNames(firstStage)) {
    const dense = await denseStage(name, directory, collection, work);
    stages.push(dense, fusedFirstStage(sparse, dense));
  }
  return stages;
}

async function denseStage(
  name: string,
  directory: string,
  collection: Collection,
  work: string,
): Promise<FirstStage> {
  const encoder = await SentenceEncoder.open(directory, { threads: availableParallelism() });
  const progress = new ProgressBar('texts');
  try {
    await mkdir(work, { recursive: true });
    const digest = createHash('sha256')
      .update(collectionDigest(collection))
      .update(filesDigest(directory, DECIDING));
    const stem = path.join(work, `${fileName(name)}-${digest.digest('hex').slice(0, 16)}`);
    const { pooling, queryPrefix, documentPrefix } = encoder.settings;
    const prefixes = [queryPrefix, documentPrefix].map((prefix) => JSON.stringify(prefix));
    const dense: DenseEncoder = {
      name,
      description: `cosine of vectors, ${pooling === 'cls' ? 'the first token' : 'mean of the tokens'}; before a query ${prefixes[0]}, before a document ${prefixes[1]}; texts of up to ${encoder.maximumTokens} tokens`,
      encode: (texts, role) =>
        encodeToFile(encoder, `${stem}-${role}.f32`, texts, role, (done) =>
          progress.update(done, texts.length, name),
        ),
    };
    return await denseFirstStage(collection, dense);
  } finally {
    progress.stop();
    await encoder.close();
  }
}

/** SHA-256 of those of some files that a directory has. */
export function filesDigest(directory: string, names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names.filter((one) => existsSync(path.join(directory, one)))) {
    const { path: relative, sha256 } = describeFile(directory, name);
    hash.update(JSON.stringify([relative, sha256]));
  }
  return hash.digest('hex');
}

/** @throws UsageError for a first stage that is named twice. */
export function checkFirstStages({ firstStage = [] }: EvalOptions): void {
  const twice = firstStage.find((one, i) => firstStage.indexOf(one) < i);
  if (twice !== undefined) throw new UsageError(`--first-stage ${twice} is named twice`);
}
