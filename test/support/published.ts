import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '@sagemaker-reranker/models';
import { Random } from '../../models/src/common/random.js';
import { shapesOf } from '../../models/src/structures/structures.js';
import { bpeTokenizer, wordPieceTokenizer } from './tokenizers.js';

/** A BERT small enough to be built in a moment. */
export const smallBert: Architecture = {
  structure: 'bert',
  layers: 2,
  hidden: 32,
  heads: 2,
  intermediate: 64,
  vocabulary: 90,
  positions: 512,
};

export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Seeded weights under their published names, every value exactly a bfloat16 and a binary16. */
export function publishedWeights(a: Architecture, seed: number): Map<string, Tensor> {
  const random = new Random(seed);
  const { round } = Math;
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of shapesOf(a)) {
    const length = shape.reduce((x, y) => x * y, 1);
    const norm = /norm\.weight$/i.test(name);
    const data = random.array(length, shape.length === 2 ? 1 / Math.sqrt(shape[1]) : 0.1, norm ? 1 : 0);
    // Multiples of 1/64 below 4 in magnitude have at most 8 significant bits.
    tensors.set(name, { shape, data: data.map((x) => round(x * 64) / 64) });
  }
  return tensors;
}

interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** `config.json` as the hub has it. */
export function publishedConfig(a: Architecture): Record<string, unknown> {
  return {
    model_type: 'bert',
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    type_vocab_size: 2,
    num_hidden_layers: a.layers,
    hidden_size: a.hidden,
    num_attention_heads: a.heads,
    intermediate_size: a.intermediate,
    vocab_size: a.vocabulary,
    ...(a.structure === 'bert'
      ? { max_position_embeddings: a.positions, position_embedding_type: 'absolute' }
      : { max_position_embeddings: 8192, position_embedding_type: 'alibi', feed_forward_type: 'geglu' }),
  };
}

/** Writes config and tokenizer of a hub repository; the weights are the caller's. */
export async function writePublished(directory: string, a: Architecture): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'config.json'), JSON.stringify(publishedConfig(a)));
  const tokenizer = a.structure === 'bert' ? wordPieceTokenizer : bpeTokenizer;
  await writeFile(path.join(directory, 'tokenizer.json'), JSON.stringify(tokenizer));
}

/** A safetensors file of 16-bit values, made from the format's description and not by the code under test. */
export function halfSafetensors(weights: Weights, dtype: 'F16' | 'BF16'): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of weights) {
    const part = Buffer.alloc(2 * data.length);
    data.forEach((x, i) => part.writeUInt16LE(dtype === 'F16' ? binary16(x) : bfloat16(x), 2 * i));
    header[name] = { dtype, shape, data_offsets: [offset, offset + part.length] };
    offset += part.length;
    parts.push(part);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/** Upper half of the float32; exact for the values given. */
function bfloat16(x: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(x);
  return bytes.readUInt16BE();
}

/** The binary16 of a number that is one exactly: sign, exponent, fraction by arithmetic. */
export function binary16(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size === 0) return sign;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const fraction = size / 2 ** exponent;
  return fraction < 1 ? sign | (fraction * 1024) : sign | ((exponent + 15) << 10) | ((fraction - 1) * 1024);
}
