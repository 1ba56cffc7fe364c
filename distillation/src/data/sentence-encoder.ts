import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession, Tensor } from '@sagemaker-reranker/inference/runtime';
import { ModelError } from '@sagemaker-reranker/models';
import { Tokenizer } from 'tokenizers';
import { otherVocabulary } from '../teacher/cross-encoder.js';

/** How an encoder makes a text's vector of its last hidden states, and what it wants before a text. */
export interface EncoderSettings {
  /** The mean over the tokens, or the first token's state. */
  readonly pooling: 'mean' | 'cls';
  readonly queryPrefix: string;
  readonly documentPrefix: string;
}

export interface SentenceEncoderOptions extends Partial<EncoderSettings> {
  /** ONNX file with inputs `input_ids`, `attention_mask` and, if it wants, `token_type_ids`, output [batch, sequence, width]. */
  readonly model: string;
  /** The file of the `tokenizers` library that belongs to it. */
  readonly tokenizer: string;
  /** Longest text in tokens, special tokens included; the rest is cut off. */
  readonly maximumTokens: number;
  readonly threads: number;
}

/** Padded tokens of a batch: its activations stay in the processor's cache. */
const BATCH_TOKENS = 1024;

/**
 * What the files of sentence-transformers beside a model, or in the directory above, say: `1_Pooling/config.json` and the
 * prompts of `config_sentence_transformers.json`. Without them the mean and no prefix, as all-MiniLM-L6-v2 wants.
 * @throws ModelError `structure_unsupported` for any other pooling.
 */
export async function readEncoderSettings(model: string): Promise<EncoderSettings> {
  const directory = path.dirname(model);
  const find = async (name: string): Promise<Record<string, unknown>> => {
    for (const place of [directory, path.dirname(directory)]) {
      const text = await readFile(path.join(place, name), 'utf8').catch(() => undefined);
      if (text !== undefined) return JSON.parse(text) as Record<string, unknown>;
    }
    return {};
  };
  const pooling = await find('1_Pooling/config.json');
  const wanted = Object.keys(pooling).filter(
    (name) => name.startsWith('pooling_mode_') && pooling[name] === true,
  );
  const [mode = 'pooling_mode_mean_tokens'] = wanted;
  if (wanted.length > 1 || !/^pooling_mode_(mean_tokens|cls_token)$/.test(mode)) {
    const message = `${model} pools by ${wanted.join(' and ')}: only pooling_mode_mean_tokens and pooling_mode_cls_token are known`;
    throw new ModelError('structure_unsupported', message, model);
  }
  const { prompts = {} } = (await find('config_sentence_transformers.json')) as {
    prompts?: Record<string, string>;
  };
  return {
    pooling: mode === 'pooling_mode_cls_token' ? 'cls' : 'mean',
    queryPrefix: prompts.query ?? '',
    documentPrefix: prompts.document ?? prompts.passage ?? '',
  };
}

/** A sentence encoder: a vector a text, scaled to length 1, so that a dot product is the cosine. */
export class SentenceEncoder {
  private constructor(
    private readonly file: string,
    private readonly session: InferenceSession,
    private readonly tokenizer: Tokenizer,
    readonly settings: EncoderSettings,
  ) {}

  /**
   * @throws ModelError `tokenizer_invalid` where the tokenizer has ids that the model does not embed,
   * `structure_unsupported` where it gives no vector a token.
   */
  static async load(options: SentenceEncoderOptions): Promise<SentenceEncoder> {
    const { model, maximumTokens, threads, pooling, queryPrefix, documentPrefix } = options;
    const found = await readEncoderSettings(model);
    const settings = {
      pooling: pooling ?? found.pooling,
      queryPrefix: queryPrefix ?? found.queryPrefix,
      documentPrefix: documentPrefix ?? found.documentPrefix,
    };
    const session = await InferenceSession.create(model, { intraOpNumThreads: threads });
    const tokenizer = Tokenizer.fromFile(options.tokenizer);
    tokenizer.disablePadding();
    tokenizer.setTruncation(maximumTokens);
    const encoder = new SentenceEncoder(model, session, tokenizer, settings);
    // The largest id shows whether model and tokenizer belong together.
    await encoder.run([[0, tokenizer.getVocabSize(true) - 1]]).catch((cause: unknown) => {
      const { message } = cause as Error;
      if (!/indices element out of data bounds|out of range/i.test(message)) throw cause;
      throw otherVocabulary(options.tokenizer, `has ids the model does not embed (${message})`);
    });
    return encoder;
  }

  /** One unit vector a text. Texts of like length share a batch, so the same texts give the same vectors. */
  async encode(texts: readonly string[], role: 'query' | 'document'): Promise<Float32Array[]> {
    const prefix = this.settings[`${role}Prefix`];
    const ids = (await this.tokenizer.encodeBatch(texts.map((text) => prefix + text))).map((encoding) =>
      encoding.getIds(),
    );
    const order = ids.map((_, i) => i).sort((a, b) => ids[a]!.length - ids[b]!.length);
    const vectors: Float32Array[] = new Array<Float32Array>(texts.length);
    for (let start = 0; start < order.length;) {
      let end = start + 1;
      while (end < order.length && (end + 1 - start) * ids[order[end]!]!.length <= BATCH_TOKENS) end++;
      const batch = order.slice(start, end);
      const found = await this.run(batch.map((at) => ids[at]!));
      batch.forEach((at, row) => (vectors[at] = found[row]!));
      start = end;
    }
    return vectors;
  }

  close(): Promise<void> {
    return this.session.release();
  }

  private async run(batch: readonly number[][]): Promise<Float32Array[]> {
    const length = batch[batch.length - 1]!.length;
    const shape = [batch.length, length];
    const ids = new BigInt64Array(batch.length * length);
    const mask = new BigInt64Array(batch.length * length);
    batch.forEach((row, i) =>
      row.forEach((id, j) => {
        ids[i * length + j] = BigInt(id);
        mask[i * length + j] = 1n;
      }),
    );
    const all: Record<string, Tensor> = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    };
    const feeds = Object.fromEntries(
      Object.entries(all).filter(([name]) => this.session.inputNames.includes(name)),
    );
    const output = (await this.session.run(feeds))[this.session.outputNames[0]!]!;
    if (output.dims.length !== 3 || output.dims[1] !== length) {
      const message = `${this.file} gives ${this.session.outputNames[0]} [${output.dims.join(', ')}] for input_ids [${shape.join(', ')}]: no sentence encoder, which gives [batch, sequence, width]. Of a reranker the kind is cross-encoder`;
      throw new ModelError('structure_unsupported', message, this.file);
    }
    const width = output.dims[2]!;
    const states = output.data as Float32Array;
    return batch.map((row, i) => {
      const tokens = this.settings.pooling === 'cls' ? 1 : row.length;
      return unit(mean(states, i * length * width, tokens, width));
    });
  }
}

function mean(states: Float32Array, start: number, tokens: number, width: number): Float32Array {
  const sum = new Float32Array(width);
  for (let t = 0; t < tokens; t++) {
    for (let k = 0; k < width; k++) sum[k]! += states[start + t * width + k]!;
  }
  return sum;
}

/** The vector scaled to length 1; a vector of zeros stays. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
