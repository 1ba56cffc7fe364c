/** What becomes of a pair that is longer than the model, or the request, allows. */
export interface Truncation {
  /** Which end of a text is cut off; `error` refuses the request instead. */
  readonly truncate: 'right' | 'left' | 'error';
  /** Tokens of a document that are read at most, its special tokens not counted; the rest is cut off first. */
  readonly maxTokensPerDocument?: number;
  /** Tokens of a pair at most, special tokens included, where that is less than the model's own limit. */
  readonly maxPairTokens?: number;
  /**
   * `max_passage` reads a document that does not fit beside its query as overlapping windows and gives it the best
   * window's score.
   */
  readonly longDocuments: 'truncate' | 'max_passage';
}

export const TRUNCATE_RIGHT: Truncation = { truncate: 'right', longDocuments: 'truncate' };
