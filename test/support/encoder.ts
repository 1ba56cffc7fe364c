import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { Graph } from '../../models/src/onnx/graph.js';
import { DataType } from '../../models/src/onnx/proto.js';
import { Random } from '../../models/src/common/random.js';

const WIDTH = 64;

/**
 * Writes a sentence encoder that knows words alone: a random vector for each token of the embedded model's tokenizer, as
 * `model.onnx` [batch, sequence] -> [batch, sequence, 64] beside its `tokenizer.json`. Texts with like words get like vectors.
 */
export async function writeWordEncoder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tokenizer = path.join(embeddedModelDirectory(), 'tokenizer.json');
  await copyFile(tokenizer, path.join(directory, 'tokenizer.json'));
  const vocabulary = 28_000;
  const random = new Random(7);
  const table = Float32Array.from({ length: vocabulary * WIDTH }, () => random.next() - 0.5);
  const graph = new Graph('words');
  const ids = graph.input('input_ids', DataType.INT64, ['batch', 'sequence']);
  graph.input('attention_mask', DataType.INT64, ['batch', 'sequence']);
  const words = graph.initializer('words', DataType.FLOAT, [vocabulary, WIDTH], table);
  const states = graph.op('Gather', [words, ids]);
  graph.output(states, DataType.FLOAT, ['batch', 'sequence', WIDTH]);
  await writeFile(path.join(directory, 'model.onnx'), graph.toModel());
}
