import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { drawLengths, parseLengthMix } from '@sagemaker-reranker/cost/measure';
import { Random, embeddedModelDirectory } from '@sagemaker-reranker/models';

export interface Request {
  readonly query: string;
  readonly documents: readonly string[];
}

const QUERY = 'what does the machine do';

/** Documents of the traffic that is named, in ASCII, each of exactly as many tokens as was drawn for it. */
export class Corpus {
  readonly #random = new Random(11);
  readonly #tokenizer = Tokenizer.fromFile(path.join(embeddedModelDirectory(), 'tokenizer.json'));
  readonly #words: readonly string[];

  constructor() {
    this.#tokenizer.disableTruncation();
    this.#tokenizer.disablePadding();
    this.#words = Object.keys(this.#tokenizer.getVocab(true)).filter((word) => /^[a-z]{3,}$/.test(word));
  }

  /** @param mix as `parseLengthMix` takes it. @throws Error where a text has not the tokens it should. */
  async request(documents: number, mix: string): Promise<Request> {
    const lengths = drawLengths(parseLengthMix(mix), documents, this.#random);
    const texts = lengths.map((length) =>
      Array.from({ length }, () => this.#words[this.#random.below(this.#words.length)]).join(' '),
    );
    const encodings = await this.#tokenizer.encodeBatch(texts, { addSpecialTokens: false });
    encodings.forEach((encoding, i) => {
      const tokens = encoding.getIds().length;
      if (tokens !== lengths[i]) throw new Error(`document ${i} has ${tokens} tokens, not ${lengths[i]}`);
    });
    return { query: QUERY, documents: texts };
  }
}
