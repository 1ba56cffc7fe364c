import { readFile } from 'node:fs/promises';
import type { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import type { EncodedGroups } from './data/groups.js';
import { principalComponents } from './principal-components.js';
import type { Recipe } from './recipe.js';

/**
 * Standard deviation of the word table's entries. The norm behind the table takes any, so this says how many steps of the
 * optimizer, which are of one size, it takes to forget the start: five times as many as of a random one's.
 */
const SPREAD = 0.25;

/**
 * A word table that knows words: each token's vector is the encoder's of the token's text, centred, reduced to the
 * student's width less one by principal components, dealt out to the heads one after the other, so that each compares tokens by
 * large and small ones alike; the last entry is the token's rarity, ln(N / (1 + n)) of the N texts that training shows,
 * standardised. (Static vectors from a sentence encoder: Model2Vec.)
 * @returns row-major [tokens, width]
 */
export async function wordStart(
  tokenizerFile: string,
  encoder: Pick<SentenceEncoder, 'encode'>,
  groups: EncodedGroups,
  { vocabulary, hidden: width, heads }: Recipe['architecture'],
): Promise<Float32Array> {
  const { model } = JSON.parse(await readFile(tokenizerFile, 'utf8')) as {
    model: { vocab: Readonly<Record<string, number>> };
  };
  const texts = new Array<string>(vocabulary).fill('');
  for (const [token, id] of Object.entries(model.vocab)) texts[id] = token;
  const vectors = await encoder.encode(texts, 'document');
  const reduced = principalComponents(vectors, width - 1);
  const table = new Float32Array(vocabulary * width);
  const rarity = standardized(groups.rarities(vocabulary));
  const scale = SPREAD / deviation(reduced);
  for (let id = 0; id < vocabulary; id++) {
    for (let k = 0; k < width - 1; k++) {
      const place = (k % heads) * (width / heads) + Math.floor(k / heads);
      table[id * width + place] = scale * reduced[id * (width - 1) + k]!;
    }
    table[id * width + width - 1] = SPREAD * rarity[id]!;
  }
  return table;
}

function deviation(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(squares / values.length - (sum / values.length) ** 2);
}

function standardized(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = deviation(values);
  return values.map((value) => (spread > 0 ? (value - mean) / spread : 0));
}
