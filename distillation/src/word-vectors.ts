import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import { replaceFile } from '@sagemaker-reranker/models';
import { readSafetensors, writeSafetensors } from '@sagemaker-reranker/models/build';
import type { EncodedGroups } from './data/groups.js';
import { principalAxes } from './principal-components.js';
import type { Recipe } from './recipe.js';

/**
 * Standard deviation of the vectors' entries. The optimizer's steps are of one size, so this says how far a step of the
 * projection moves every word.
 */
const SPREAD = 0.3;

/** Standard deviation of the entries of a word table at the start; the norm behind the table takes any. */
const TABLE_SPREAD = 0.25;

/** Of the rarity, as a multiple of an entry's: about that of the largest components. */
const RARITY = 4;

/** What is known of each token before training, as a table is made of it (`ProjectedWords`). */
export interface WordVectors {
  /** Row-major [vocabulary, width]: the entries of an encoder's vector, then the token's rarity. */
  readonly data: Float32Array;
  readonly width: number;
}

/**
 * Each token's vector by the encoder, of the token's text alone, centred; the last entry is the token's rarity,
 * ln(N / (1 + n)) of the N texts that training shows, standardised. (Static vectors from a sentence encoder: Model2Vec.)
 */
export async function wordVectors(
  tokenizerFile: string,
  encoder: Pick<SentenceEncoder, 'encode'>,
  groups: EncodedGroups,
  vocabulary: number,
): Promise<WordVectors> {
  const { model } = JSON.parse(await readFile(tokenizerFile, 'utf8')) as {
    model: { vocab: Readonly<Record<string, number>> };
  };
  const texts = new Array<string>(vocabulary).fill('');
  for (const [token, id] of Object.entries(model.vocab)) texts[id] = token;
  const vectors = await encoder.encode(texts, 'document');
  const entries = vectors[0]!.length;
  const width = entries + 1;
  const data = new Float32Array(vocabulary * width);
  const put = (values: ArrayLike<number>, offset: number, columns: number, scale: number): void => {
    for (let i = 0; i < values.length; i++) {
      data[Math.floor(i / columns) * width + offset + (i % columns)] = scale * values[i]!;
    }
  };
  const centred = new Float32Array(vocabulary * entries);
  for (let k = 0; k < entries; k++) {
    const mean = vectors.reduce((sum, vector) => sum + vector[k]!, 0) / vocabulary;
    vectors.forEach((vector, id) => (centred[id * entries + k] = vector[k]! - mean));
  }
  put(centred, 0, entries, SPREAD / deviation(centred));
  const rarities = groups.rarities(vocabulary);
  const mean = rarities.reduce((sum, value) => sum + value, 0) / vocabulary;
  const spread = deviation(rarities);
  if (spread > 0) {
    const centredRarities = rarities.map((value) => value - mean);
    put(centredRarities, entries, 1, (RARITY * SPREAD) / spread);
  }
  return { data, width };
}

/** `wordVectors`, kept in a work directory: a run that goes on has the same. */
export async function keptVectors(
  work: string,
  ...made: Parameters<typeof wordVectors>
): Promise<WordVectors> {
  const file = path.join(work, 'words.safetensors');
  if (!(await stat(file).catch(() => undefined))) {
    const { data, width } = await wordVectors(...made);
    const tensors = new Map([['words', { shape: [data.length / width, width], data }]]);
    await replaceFile(file, (part) => writeSafetensors(part, tensors, {}));
  }
  const { shape, data } = (await readSafetensors(file)).tensors.get('words')!;
  return { data, width: shape[1]! };
}

/**
 * The projection that a student starts with: the vectors on the table's width less one principal components, dealt out to the
 * heads one after the other, so that each compares tokens by large and small ones alike; the last channel is the rarity.
 * @returns row-major [hidden, width]
 */
export function startingProjection(
  { data, width }: WordVectors,
  { hidden, heads }: Recipe['architecture'],
): Float32Array {
  const entries = width - 1;
  const rows = Array.from({ length: data.length / width }, (_, id) =>
    data.subarray(id * width, id * width + entries),
  );
  const axes = principalAxes(rows, hidden - 1);
  const projection = new Float32Array(hidden * width);
  axes.forEach(({ axis }, k) => {
    const channel = (k % heads) * (hidden / heads) + Math.floor(k / heads);
    projection.set(axis, channel * width);
  });
  projection[hidden * width - 1] = 1 / RARITY;
  const squares = axes.reduce((sum, axis) => sum + axis.squares, 0);
  const scale = TABLE_SPREAD / Math.sqrt(squares / (rows.length * (hidden - 1)));
  return projection.map((value) => scale * value);
}

function deviation(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(squares / values.length - (sum / values.length) ** 2);
}
