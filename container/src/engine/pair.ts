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

/** Lays out the pairs a cross-encoder reads, after the manifest's template. */
export class PairLayout {
  private readonly special: number;
  /** Tokens left for both texts. */
  private readonly room: number;

  /**
   * @param maxLength tokens of a pair, special tokens included; at least one token of each text always fits.
   * @param side the end of a text that is cut off.
   */
  constructor(
    private readonly template: readonly PairElement[],
    maxLength: number,
    private readonly side: 'right' | 'left' = 'right',
  ) {
    this.special = specialTokens(template);
    this.room = Math.max(2, maxLength - this.special);
  }

  /** Tokens of a document that can matter; the rest need not be tokenized. */
  get longestDocument(): number {
    return this.room;
  }

  /** Whether both texts fit as they are. */
  fits(query: number, document: number): boolean {
    return query + document <= this.room;
  }

  /**
   * What stays of a pair that is too long: the document is cut, down to 64 tokens (half the context where that is
   * less); only then is the query cut.
   */
  cut(query: number, document: number): PairCut {
    const floor = Math.min(document, DOCUMENT_FLOOR, Math.floor(this.room / 2));
    const keptQuery = Math.min(query, this.room - floor);
    return { query: keptQuery, document: Math.min(document, this.room - keptQuery) };
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

  /** Tokens of a pair, special tokens included. */
  length(cut: PairCut): number {
    return cut.query + cut.document + this.special;
  }

  /** Writes a pair's ids and token type ids from `offset` on. */
  write(query: Int32Array, document: Int32Array, ids: Int32Array, types: Uint8Array, offset: number): void {
    const cut = this.cut(query.length, document.length);
    let at = offset;
    for (const element of this.template) {
      const start = at;
      if ('special' in element) ids[at++] = element.special;
      else {
        const text =
          element.sequence === 'query' ? this.kept(query, cut.query) : this.kept(document, cut.document);
        ids.set(text, at);
        at += text.length;
      }
      types.fill(element.type, start, at);
    }
  }

  private kept(text: Int32Array, count: number): Int32Array {
    return this.side === 'left' ? text.subarray(text.length - count) : text.subarray(0, count);
  }
}
