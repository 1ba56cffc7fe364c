import { Tensor, InferenceSession } from '@sagemaker-reranker/inference/runtime';
import { ModelError } from '@sagemaker-reranker/models';
import { Tokenizer } from 'tokenizers';
import { otherVocabulary } from '../teacher/cross-encoder.js';

export interface SentenceEncoderOptions {
  /** ONNX file with inputs `input_ids`, `attention_mask` and `token_type_ids`, output [batch, sequence, width]. */
  readonly model: string;
  /** The file of the `tokenizers` library that belongs to it. */
  readonly tokenizer: string;
  /** Longest text in tokens, special tokens included; the rest is cut off. */
  readonly maximumTokens: number;
  readonly threads: number;
}

const BATCH = 16;

/**
 * A sentence encoder as all-MiniLM-L6-v2 is: mean of the last hidden states over the tokens, scaled to length 1, so
 * that a dot product is the cosine.
 */
export class SentenceEncoder {
  private constructor(
    private readonly file: string,
    private readonly session: InferenceSession,
    private readonly tokenizer: Tokenizer,
  ) {}

  /**
   * @throws ModelError `tokenizer_invalid` where the tokenizer has ids that the model does not embed,
   * `structure_unsupported` where it gives no vector a token.
   */
  static async load(options: SentenceEncoderOptions): Promise<SentenceEncoder> {
    const session = await InferenceSession.create(options.model, { intraOpNumThreads: options.threads });
    const tokenizer = Tokenizer.fromFile(options.tokenizer);
    tokenizer.disablePadding();
    tokenizer.setTruncation(options.maximumTokens);
    const encoder = new SentenceEncoder(options.model, session, tokenizer);
    // The largest id shows whether model and tokenizer belong together.
    await encoder.run([[0, tokenizer.getVocabSize(true) - 1]]).catch((cause: unknown) => {
      const { message } = cause as Error;
      if (!/indices element out of data bounds|out of range/i.test(message)) throw cause;
      throw otherVocabulary(options.tokenizer, `has ids the model does not embed (${message})`);
    });
    return encoder;
  }

  /** One unit vector a text. Texts of like length share a batch, so the same texts give the same vectors. */
  async encode(texts: readonly string[]): Promise<Float32Array[]> {
    const ids = (await this.tokenizer.encodeBatch([...texts])).map((encoding) => encoding.getIds());
    const order = ids.map((_, i) => i).sort((a, b) => ids[a].length - ids[b].length);
    const vectors: Float32Array[] = new Array<Float32Array>(texts.length);
    for (let i = 0; i < order.length; i += BATCH) {
      const batch = order.slice(i, i + BATCH);
      const found = await this.run(batch.map((at) => ids[at]));
      batch.forEach((at, row) => (vectors[at] = found[row]));
    }
    return vectors;
  }

  private async run(batch: readonly number[][]): Promise<Float32Array[]> {
    const length = batch[batch.length - 1].length;
    const shape = [batch.length, length];
    const ids = new BigInt64Array(batch.length * length);
    const mask = new BigInt64Array(batch.length * length);
    batch.forEach((row, i) =>
      row.forEach((id, j) => {
        ids[i * length + j] = BigInt(id);
        mask[i * length + j] = 1n;
      }),
    );
    const feeds = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    };
    const output = (await this.session.run(feeds))[this.session.outputNames[0]];
    if (output.dims.length !== 3 || output.dims[1] !== length) {
      const message = `${this.file} gives ${this.session.outputNames[0]} [${output.dims.join(', ')}] for input_ids [${shape.join(', ')}]: no sentence encoder, which gives [batch, sequence, width]. Of a reranker the kind is cross-encoder`;
      throw new ModelError('structure_unsupported', message, this.file);
    }
    const width = output.dims[2];
    const states = output.data as Float32Array;
    return batch.map((row, i) => unit(mean(states, i * length * width, row.length, width)));
  }
}

function mean(states: Float32Array, start: number, tokens: number, width: number): Float32Array {
  const sum = new Float32Array(width);
  for (let t = 0; t < tokens; t++) {
    for (let k = 0; k < width; k++) sum[k] += states[start + t * width + k];
  }
  return sum;
}

/** The vector scaled to length 1; a vector of zeros stays. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
