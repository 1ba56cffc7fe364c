import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packBatch, type Pair, PairEncoder } from '@sagemaker-reranker/inference';
import { batchFeeds, SESSION_OPTIONS, openSession } from '@sagemaker-reranker/inference/runtime';
import { readTokenizer } from '@sagemaker-reranker/models';
import {
  encoderGraph,
  openPublished,
  productsByActivation,
  specOf,
  specShapes,
  writeSafetensors,
} from '@sagemaker-reranker/models/build';
import type { JudgedGroup } from './groups.js';
import { logisticRegression } from './logistic-regression.js';

/** Longest pair that the head is trained on. */
const TRAINED_TOKENS = 160;
const BATCH = 8;
/** Keeps the vector in the part of tanh that is straight. */
const STRAIGHT = 0.05;

/**
 * Makes a cross-encoder of a sentence encoder of BERT structure: a head that is trained as a probe on the first token's vector of
 * judged pairs, written as the hub has it.
 */
export async function writeProbe(
  encoder: string,
  groups: readonly JudgedGroup[],
  out: string,
  threads: number,
): Promise<void> {
  const published = await openPublished(encoder, 'first');
  const { architecture, weights, spec, close } = published;
  const { vectors, relevant } = await vectorsOf(encoder, published, groups, threads);
  const { hidden } = architecture;
  const head = logisticRegression(vectors, relevant);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  const { head: named } = specOf(architecture);
  for (const [name, shape] of specShapes(spec)) tensors.set(name, { shape, data: weights(name) });
  close();
  const square = new Float32Array(hidden * hidden);
  for (let i = 0; i < hidden; i += 1) square[i * hidden + i] = STRAIGHT;
  tensors.set(named!.dense.weight, { shape: [hidden, hidden], data: square });
  tensors.set(named!.dense.bias!, { shape: [hidden], data: new Float32Array(hidden) });
  const row = Float32Array.from(head.weights, (w) => w / STRAIGHT);
  tensors.set(named!.classifier.weight, { shape: [1, hidden], data: row });
  tensors.set(named!.classifier.bias!, { shape: [1], data: Float32Array.of(head.bias) });
  await mkdir(out, { recursive: true });
  await writeSafetensors(path.join(out, 'model.safetensors'), tensors);
  await copyFile(path.join(encoder, 'tokenizer.json'), path.join(out, 'tokenizer.json'));
  const config = JSON.parse(await readFile(path.join(encoder, 'config.json'), 'utf8')) as object;
  const changed = { ...config, architectures: ['BertForSequenceClassification'], num_labels: 1 };
  await writeFile(path.join(out, 'config.json'), JSON.stringify(changed));
}

/** The first token's vector of every pair, and whether it is relevant. */
async function vectorsOf(
  encoder: string,
  { architecture, weights, spec }: Awaited<ReturnType<typeof openPublished>>,
  groups: readonly JudgedGroup[],
  threads: number,
): Promise<{ vectors: Float32Array[]; relevant: boolean[] }> {
  const file = path.join(encoder, 'tokenizer.json');
  const { template, pad } = await readTokenizer(file, architecture.vocabulary);
  const tokenizer = new PairEncoder(file, template!, TRAINED_TOKENS);
  const options = { tokenTypes: true, embeddings: 'fp32', products: productsByActivation('fp32') } as const;
  const directory = await mkdtemp(path.join(tmpdir(), 'bench-probe-'));
  await encoderGraph(spec, weights, options).write(directory, 'model.onnx');
  const settings = { ...SESSION_OPTIONS, intraOpNumThreads: threads };
  const session = await openSession(path.join(directory, 'model.onnx'), settings);
  const inputs = {
    input_ids: 'input_ids',
    attention_mask: 'attention_mask',
    token_type_ids: 'token_type_ids',
  };
  const pairs: Pair[] = [];
  const relevant: boolean[] = [];
  for (const { query, documents } of groups) {
    for (const { text, isRelevant } of documents) {
      pairs.push(await tokenizer.encode({ query, document: text }));
      relevant.push(isRelevant);
    }
  }
  const vectors: Float32Array[] = [];
  for (let at = 0; at < pairs.length; at += BATCH) {
    const batch = pairs.slice(at, at + BATCH);
    const { embedding } = await session.run(batchFeeds(inputs, packBatch(batch, pad)));
    const data = embedding!.data as Float32Array;
    const width = data.length / batch.length;
    batch.forEach((_, i) => vectors.push(data.slice(i * width, (i + 1) * width)));
  }
  await session.release();
  await rm(directory, { recursive: true });
  return { vectors, relevant };
}
