import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ModelError } from '@sagemaker-reranker/models';
import {
  type EncoderSettings,
  openSentenceEncoder,
  readEncoderSettings,
  readTokenizer,
  textAlone,
} from '@sagemaker-reranker/models/build';
import { packBatch } from './batch.js';
import { batchFeeds } from './feeds.js';
import { type Pair, PairLayout } from './pair.js';
import { openSession, type InferenceSession } from './runtime.js';
import { SESSION_OPTIONS } from './session-options.js';
import { TextTokenizer } from './tokenizer.js';

export interface SentenceEncoderOptions extends Partial<EncoderSettings> {
  readonly threads: number;
  /** Longest text in tokens, special tokens included; the rest is cut off. Default: all the encoder reads. */
  readonly maximumTokens?: number;
}

/** Padded tokens of a batch: its activations stay in the processor's cache. */
const BATCH_TOKENS = 1024;
const USUAL_LENGTH = 512;
const NO_TOKENS = new Int32Array();

/** A sentence encoder: a vector a text, scaled to length 1, so that a dot product is the cosine. */
export class SentenceEncoder {
  readonly #file: string;
  readonly #session: InferenceSession;
  readonly #tokenizer: TextTokenizer;
  readonly #layout: PairLayout;
  readonly #pad: number;
  readonly settings: EncoderSettings;
  /** Longest text in tokens. */
  readonly maximumTokens: number;

  private constructor(parts: {
    readonly file: string;
    readonly session: InferenceSession;
    readonly tokenizer: TextTokenizer;
    readonly layout: PairLayout;
    readonly pad: number;
    readonly settings: EncoderSettings;
    readonly maximumTokens: number;
  }) {
    this.#file = parts.file;
    this.#session = parts.session;
    this.#tokenizer = parts.tokenizer;
    this.#layout = parts.layout;
    this.#pad = parts.pad;
    this.settings = parts.settings;
    this.maximumTokens = parts.maximumTokens;
  }

  /**
   * The encoder of a directory as sentence-transformers saves it.
   * @throws ModelError as `openSentenceEncoder` and `load`.
   */
  static async open(directory: string, options: SentenceEncoderOptions): Promise<SentenceEncoder> {
    const { settings, maxLength, tokenizer, model } = await openSentenceEncoder(directory);
    const all = {
      ...settings,
      ...options,
      tokenizer,
      maximumTokens: Math.min(options.maximumTokens ?? maxLength, maxLength),
    };
    if ('file' in model) return SentenceEncoder.load({ ...all, model: model.file });
    const temporary = await mkdtemp(path.join(tmpdir(), 'reranker-encoder-'));
    try {
      const [file] = await model.graph.write(temporary, 'model.onnx');
      return await SentenceEncoder.load({
        ...all,
        model: path.join(temporary, file!),
        name: directory,
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /**
   * An encoder of named files: an ONNX file with inputs `input_ids`, `attention_mask` and, if it wants, `token_type_ids`, and an
   * output [batch, sequence, width] of hidden states or `embedding` [batch, width]; and the `tokenizer.json` that belongs to it.
   * Settings that are not given are those of the files beside the model, or in the directory above.
   * @throws ModelError `tokenizer_invalid`, also where the tokenizer has ids that the model does not embed;
   * `structure_unsupported` where it gives no vector a token; as `readEncoderSettings`.
   */
  static async load(
    options: SentenceEncoderOptions & {
      readonly model: string;
      readonly tokenizer: string;
      /** What errors call it. Default: the file. */
      readonly name?: string;
    },
  ): Promise<SentenceEncoder> {
    const { model, threads, maximumTokens = USUAL_LENGTH } = options;
    const beside = path.dirname(model);
    const found = readEncoderSettings([beside, path.dirname(beside)]);
    const facts = await readTokenizer(options.tokenizer);
    const encoder = new SentenceEncoder({
      file: options.name ?? model,
      session: await openSession(model, { ...SESSION_OPTIONS, intraOpNumThreads: threads }),
      tokenizer: new TextTokenizer(options.tokenizer),
      layout: new PairLayout(facts.single ?? textAlone(facts), maximumTokens),
      pad: facts.pad,
      settings: {
        pooling: options.pooling ?? found.pooling,
        queryPrefix: options.queryPrefix ?? found.queryPrefix,
        documentPrefix: options.documentPrefix ?? found.documentPrefix,
      },
      maximumTokens,
    });
    await encoder.#checkVocabulary(options.tokenizer, facts.vocabulary);
    return encoder;
  }

  /** One unit vector a text. Texts of like length share a batch, so the same texts give the same vectors. */
  async encode(texts: readonly string[], role: 'query' | 'document'): Promise<Float32Array[]> {
    const prefix = this.settings[`${role}Prefix`];
    const prefixed = texts.map((text) => prefix + text);
    const ids = await this.#tokenizer.encode(prefixed, this.#layout.longestDocument);
    const rows = ids.map((row) => this.#layout.pair(NO_TOKENS, row));
    const order = rows.map((_, i) => i).sort((a, b) => rows[a]!.length - rows[b]!.length);
    const vectors = new Array<Float32Array>(texts.length);
    for (let start = 0; start < order.length;) {
      let end = start + 1;
      while (end < order.length && (end + 1 - start) * rows[order[end]!]!.length <= BATCH_TOKENS) end += 1;
      const batch = order.slice(start, end);
      const found = await this.#run(batch.map((at) => rows[at]!));
      batch.forEach((at, row) => (vectors[at] = found[row]!));
      start = end;
    }
    return vectors;
  }

  close(): Promise<void> {
    return this.#session.release();
  }

  /** The largest id shows whether model and tokenizer belong together. */
  async #checkVocabulary(tokenizer: string, vocabulary: number): Promise<void> {
    const largest = this.#layout.pair(NO_TOKENS, Int32Array.of(0, vocabulary - 1));
    await this.#run([largest]).catch(async (cause: unknown) => {
      await this.close();
      const { message } = cause as Error;
      if (!/indices element out of data bounds|out of range/i.test(message)) throw cause;
      const why = `${tokenizer} is of another vocabulary than ${this.#file}: it has ids the model does not embed (${message}). Name the tokenizer it was trained with`;
      throw new ModelError('tokenizer_invalid', why, tokenizer, { cause });
    });
  }

  async #run(texts: readonly Pair[]): Promise<Float32Array[]> {
    const { inputNames } = this.#session;
    const types = inputNames.includes('token_type_ids') ? 'token_type_ids' : undefined;
    const inputs = { input_ids: 'input_ids', attention_mask: 'attention_mask', token_type_ids: types };
    const batch = packBatch(texts, this.#pad);
    const name = this.#session.outputNames[0]!;
    const output = (await this.#session.run(batchFeeds(inputs, batch)))[name]!;
    const { dims } = output;
    const data = output.data as Float32Array;
    if (name === 'embedding' && dims.length === 2) {
      const width = dims[1]!;
      return texts.map((_, i) => unit(data.slice(i * width, (i + 1) * width)));
    }
    if (dims.length !== 3 || dims[1] !== batch.width) {
      const message = `${this.#file} gives ${name} [${dims.join(', ')}] for input_ids [${texts.length}, ${batch.width}]: no sentence encoder, which gives [batch, sequence, width]. Of a reranker the kind is cross-encoder`;
      throw new ModelError('structure_unsupported', message, this.#file);
    }
    const width = dims[2]!;
    return texts.map(({ length }, i) => {
      const tokens = this.settings.pooling === 'cls' ? 1 : length;
      return unit(mean(data, i * batch.width * width, tokens, width));
    });
  }
}

function mean(states: Float32Array, start: number, tokens: number, width: number): Float32Array {
  const sum = new Float32Array(width);
  for (let t = 0; t < tokens; t += 1) {
    for (let k = 0; k < width; k += 1) sum[k]! += states[start + t * width + k]!;
  }
  return sum;
}

/** The vector scaled to length 1; a vector of zeros stays. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
