import { Random, SAMPLE_DOCUMENTS, SAMPLE_QUERIES } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import type { Measurement } from '../types.js';
import { drawLengths, lengthShares, type LengthMix } from './lengths.js';

/** Tokens of a text on its own, without special tokens. */
type CountTokens = (text: string) => Promise<number>;

/** How texts become tokens at the endpoint that is measured. */
export interface Tokenization {
  readonly count: CountTokens;
  /** Tokens that a pair has besides its two texts. */
  readonly special: number;
  /** Longest pair the model reads, special tokens included. */
  readonly longestPair: number;
}

export interface TrafficOptions {
  readonly documents: number;
  readonly tokens: LengthMix;
  readonly queryTokens: number;
  /** Different queries; they are sent in turn. */
  readonly queries: number;
  readonly seed: number;
}

export interface Query {
  readonly query: string;
  readonly documents: readonly string[];
  /** Of all its pairs, query and special tokens included. */
  readonly tokens: number;
}

export interface Traffic {
  readonly queries: readonly Query[];
  /** As a measurement states it. */
  readonly stated: Measurement['traffic'];
}

// Texts are corrected word by word; a tokenizer whose counts do not follow is none this generator can use.
const CORRECTIONS = 64;

/**
 * Queries with documents of exactly the lengths drawn, as the tokenizer counts them. The same seed gives the same texts.
 * @throws CostError when a pair would be longer than the model reads, or the tokenizer knows too few words.
 */
export async function generateTraffic(options: TrafficOptions, tokenization: Tokenization): Promise<Traffic> {
  const { documents, tokens, queryTokens, seed } = options;
  const longest = tokens.most + queryTokens + tokenization.special;
  if (longest > tokenization.longestPair) {
    throw new CostError(
      `a document of ${tokens.most} tokens makes a pair of ${longest} with its query; the model reads ${tokenization.longestPair} at most`,
    );
  }
  const random = new Random(seed);
  const writer = await TextWriter.create(tokenization.count, random);
  const lengths: number[] = [];
  const queries: Query[] = [];
  for (let i = 0; i < options.queries; i += 1) {
    const drawn = drawLengths(tokens, documents, random);
    const query = await writer.write(queryTokens);
    const texts: string[] = [];
    for (const length of drawn) texts.push(await writer.write(length));
    const own = drawn.reduce((sum, length) => sum + length, 0);
    queries.push({ query, documents: texts, tokens: own + documents * (queryTokens + tokenization.special) });
    lengths.push(...drawn);
  }
  const total = queries.reduce((sum, query) => sum + query.tokens, 0);
  return {
    queries,
    stated: {
      documentsPerQuery: documents,
      queryTokens,
      documentTokens: lengthShares(lengths),
      meanPairTokens: total / lengths.length,
      seed,
    },
  };
}

/** Writes texts of a given number of tokens from words whose number is known. */
class TextWriter {
  readonly #count: CountTokens;
  readonly #random: Random;
  readonly #words: readonly { readonly word: string; readonly tokens: number }[];
  readonly #single: readonly string[];

  private constructor(
    count: CountTokens,
    random: Random,
    words: readonly { readonly word: string; readonly tokens: number }[],
    /** Words of one token each. */
    single: readonly string[],
  ) {
    this.#count = count;
    this.#random = random;
    this.#words = words;
    this.#single = single;
  }

  static async create(count: CountTokens, random: Random): Promise<TextWriter> {
    const texts = [...SAMPLE_QUERIES, ...SAMPLE_DOCUMENTS].join(' ').toLowerCase();
    const words = [];
    for (const word of new Set(texts.match(/[a-z]{2,}/g))) {
      // Inside a text: some tokenizers count a first word otherwise.
      words.push({ word, tokens: (await count(`the ${word}`)) - (await count('the')) });
    }
    const single = words.filter(({ tokens }) => tokens === 1).map(({ word }) => word);
    if (single.length < 20) {
      throw new CostError(
        `the tokenizer knows only ${single.length} of ${words.length} common English words as one token: no texts of exact length can be made for it`,
      );
    }
    return new TextWriter(count, random, words, single);
  }

  async write(tokens: number): Promise<string> {
    const chosen: string[] = [];
    for (let left = tokens; left > 0;) {
      const { word, tokens: own } = this.#words[this.#random.below(this.#words.length)]!;
      const fits = own >= 1 && own <= left;
      chosen.push(fits ? word : this.#oneToken());
      left -= fits ? own : 1;
    }
    for (let i = 0; i < CORRECTIONS; i += 1) {
      const text = chosen.join(' ');
      const counted = await this.#count(text);
      if (counted === tokens) return text;
      if (counted > tokens) chosen.pop();
      if (counted < tokens || chosen.length === 0) chosen.push(this.#oneToken());
    }
    throw new CostError(`no text of exactly ${tokens} tokens was found for this tokenizer`);
  }

  #oneToken(): string {
    return this.#single[this.#random.below(this.#single.length)]!;
  }
}
