import path from 'node:path';
import { packBatch, type Pair, PairEncoder } from '@sagemaker-reranker/inference';
import {
  batchFeeds,
  SESSION_OPTIONS,
  openSession,
  type InferenceSession,
} from '@sagemaker-reranker/inference/runtime';
import { type ModelDescription, ModelError, readModelDirectory } from '@sagemaker-reranker/models';
import type { Teacher, TextGroup } from './teacher.js';

/** Padded tokens that are run at a time. */
const BUDGET = 2048;

/** A model directory, or an exporter's with model.onnx, tokenizer.json and config.json, as teacher: its raw logits. */
export class CrossEncoder implements Teacher {
  readonly #model: ModelDescription;
  readonly #session: InferenceSession;
  readonly #encoder: PairEncoder;

  private constructor(
    readonly name: string,
    model: ModelDescription,
    session: InferenceSession,
    encoder: PairEncoder,
  ) {
    this.#model = model;
    this.#session = session;
    this.#encoder = encoder;
  }

  /**
   * @param maximumTokens longest pair; the document is cut
   * @throws ModelError as `readModelDirectory`, and `tokenizer_invalid` where the tokenizer has more tokens than the model
   * embeds: it is another model's.
   */
  static async load(
    name: string,
    directory: string,
    options: { maximumTokens: number; threads: number },
  ): Promise<CrossEncoder> {
    const model = await readModelDirectory(directory);
    const tokenizer = path.join(directory, model.tokenizer.path);
    const most = Math.min(model.max_length, options.maximumTokens);
    const encoder = new PairEncoder(tokenizer, model.pair_template, most);
    if (encoder.tokenizer.vocabulary > model.architecture.vocabulary) {
      throw otherVocabulary(
        tokenizer,
        `has ${encoder.tokenizer.vocabulary} tokens, the model embeds ${model.architecture.vocabulary}`,
      );
    }
    const session = await openSession(path.join(directory, model.model), {
      ...SESSION_OPTIONS,
      intraOpNumThreads: options.threads,
    });
    return new CrossEncoder(name, model, session, encoder);
  }

  async score(groups: readonly TextGroup[]): Promise<number[][]> {
    const pairs: Pair[] = [];
    for (const { group, texts } of groups) {
      for (const document of texts) pairs.push(await this.#encoder.encode({ query: group.query, document }));
    }
    const logits = await this.#logits(pairs);
    let at = 0;
    return groups.map(({ texts }) => logits.slice(at, (at += texts.length)));
  }

  close(): Promise<void> {
    return this.#session.release();
  }

  /** Pairs of like length share a batch. */
  async #logits(pairs: readonly Pair[]): Promise<number[]> {
    const order = pairs.map((_, i) => i).sort((a, b) => pairs[b]!.length - pairs[a]!.length || a - b);
    const logits = new Array<number>(pairs.length);
    for (let at = 0; at < order.length;) {
      const width = pairs[order[at]!]!.length;
      const batch = order.slice(at, at + Math.max(1, Math.floor(BUDGET / width)));
      const found = await this.#run(batch.map((i) => pairs[i]!));
      batch.forEach((i, row) => (logits[i] = found[row]!));
      at += batch.length;
    }
    return logits;
  }

  async #run(pairs: readonly Pair[]): Promise<Float32Array> {
    const { inputs, output, tokenizer } = this.#model;
    const answer = await this.#session.run(batchFeeds(inputs, packBatch(pairs, tokenizer.pad)));
    return answer[output]!.data as Float32Array;
  }
}

/** The error of a tokenizer that belongs to another model. */
function otherVocabulary(tokenizer: string, why: string): ModelError {
  const message = `${tokenizer} is of another vocabulary than the teacher's model: it ${why}. Name the tokenizer it was trained with`;
  return new ModelError('tokenizer_invalid', message, tokenizer);
}
