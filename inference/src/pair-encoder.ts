import type { PairElement } from '@sagemaker-reranker/models';
import { type Pair, PairLayout } from './pair.js';
import { TextTokenizer } from './tokenizer.js';

export interface TextPair {
  readonly query: string;
  readonly document: string;
}

/** Pairs of texts by a model directory's tokenizer and template, cut as the container cuts them. */
export class PairEncoder {
  readonly tokenizer: TextTokenizer;
  readonly #layout: PairLayout;

  /**
   * @param file the tokenizer's
   * @param maxLength longest pair in tokens, special tokens included
   * @throws ModelError `tokenizer_invalid`.
   */
  constructor(file: string, template: readonly PairElement[], maxLength: number) {
    this.tokenizer = new TextTokenizer(file);
    this.#layout = new PairLayout(template, maxLength);
  }

  async encode({ query, document }: TextPair): Promise<Pair> {
    const keep = this.#layout.longestDocument + 1;
    const [first, second] = await this.tokenizer.encode([query, document], keep);
    return this.#layout.pair(first!, second!);
  }
}
