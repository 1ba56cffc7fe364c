import { type PairElement, specialTokens } from '@sagemaker-reranker/models';

/** Tokens of a document that stay, if it has them, before a long query is left whole. */
const DOCUMENT_FLOOR = 64;
/** Tokens that neighbouring windows of a long document share, so that no sentence is lost between two. */
const WINDOW_OVERLAP = 128;

/** Tokens kept of each text of a pair. */
export interface PairCut {
  readonly query: number;
  readonly document: number;
}

const NO_TOKENS = new Int32Array();

/** A pair as a cross-encoder reads it: two texts as token ids, in the manifest's template. */
export class Pair {
  /** Tokens, special tokens included. */
  readonly length: number;
  readonly #template: readonly PairElement[];
  readonly #texts: { readonly query: Int32Array; readonly document: Int32Array };

  constructor(template: readonly PairElement[], query: Int32Array, document: Int32Array) {
    this.#template = template;
    this.#texts = { query, document };
    this.length = query.length + document.length + specialTokens(template);
  }

  /** A pair of these very ids, all of type 0. */
  static ofIds(ids: Int32Array): Pair {
    return new Pair([{ sequence: 'document', type: 0 }], NO_TOKENS, ids);
  }

  /** Writes token ids and token type ids into the low words of 64-bit cells, from cell `at` on. */
  write(idWords: Int32Array, typeWords: Int32Array, at: number): void {
    let word = 2 * at;
    for (const element of this.#template) {
      const start = word;
      if ('special' in element) {
        idWords[word] = element.special;
        word += 2;
      } else {
        for (const id of this.#texts[element.sequence]) {
          idWords[word] = id;
          word += 2;
        }
      }
      if (element.type === 0) continue;
      for (let each = start; each < word; each += 2) typeWords[each] = element.type;
    }
  }
}

/** Lays out the pairs a cross-encoder reads, after the manifest's template. */
export class PairLayout {
  readonly #template: readonly PairElement[];
  readonly #side: 'right' | 'left';
  /** Tokens left for both texts. */
  readonly #room: number;

  /**
   * @param maxLength tokens of a pair, special tokens included; at least one token of each text always fits.
   * @param side the end of a text that is cut off.
   */
  constructor(template: readonly PairElement[], maxLength: number, side: 'right' | 'left' = 'right') {
    this.#template = template;
    this.#side = side;
    this.#room = Math.max(2, maxLength - specialTokens(template));
  }

  /** Tokens of a document that can matter; the rest need not be tokenized. */
  get longestDocument(): number {
    return this.#room;
  }

  /** Whether both texts fit as they are. */
  fits(query: number, document: number): boolean {
    return query + document <= this.#room;
  }

  /**
   * What stays of a pair that is too long: the document is cut, down to 64 tokens (half the context where that is
   * less); only then is the query cut.
   */
  cut(query: number, document: number): PairCut {
    const floor = Math.min(document, DOCUMENT_FLOOR, Math.floor(this.#room / 2));
    const keptQuery = Math.min(query, this.#room - floor);
    return { query: keptQuery, document: Math.min(document, this.#room - keptQuery) };
  }

  /**
   * Overlapping windows of equal length that cover a document, each as long as fits beside the query; the last ends
   * where the document does.
   */
  windows(query: number, document: Int32Array): Int32Array[] {
    const width = this.cut(query, document.length).document;
    if (width === document.length) return [document];
    const stride = width - Math.min(WINDOW_OVERLAP, Math.floor(width / 4));
    const windows: Int32Array[] = [];
    for (let start = 0; start + width < document.length; start += stride) {
      windows.push(document.subarray(start, start + width));
    }
    windows.push(document.subarray(document.length - width));
    return windows;
  }

  /** The pair of a query and a document, cut to what fits. */
  pair(query: Int32Array, document: Int32Array): Pair {
    const cut = this.cut(query.length, document.length);
    return new Pair(this.#template, this.#kept(query, cut.query), this.#kept(document, cut.document));
  }

  #kept(text: Int32Array, count: number): Int32Array {
    return this.#side === 'left' ? text.subarray(text.length - count) : text.subarray(0, count);
  }
}
