import type { Pair } from '@sagemaker-reranker/inference';
import { BLANK_LOGIT } from './blank.js';

/** A request's texts as tokens: each different document once, as one passage or, where it is long, as several. */
export interface TokenizedRequest {
  /** Tokens of the query alone, as far as it was read. */
  readonly queryTokens: number;
  /** The query with each passage of all different documents. */
  readonly pairs: readonly Pair[];
  /** Tokens of each pair, special tokens included, and their sum. */
  readonly lengths: Uint32Array;
  readonly totalTokens: number;
  /** For each passage, its document's place among the different ones. */
  readonly owners: Uint32Array;
  /** Tokens of each different document's text alone, as far as it was read. */
  readonly textTokens: Uint32Array;
  /** For each document of the request, its place among the different ones. */
  readonly places: Uint32Array;
}

/** An admitted request on its way through planner and workers. */
export class Job {
  /** One logit a different document: its best passage's. */
  readonly logits: Float32Array;
  readonly done: Promise<void>;
  /** Milliseconds of `performance.now()` when its first batch went to a worker. */
  firstBatchAt: number | undefined;
  /** Milliseconds the model ran for batches with pairs of this request. */
  modelMs = 0;
  #pending: number;
  /** Passages of each different document still to be scored. */
  readonly #passagesLeft: Uint32Array;
  #over = false;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #onDocument: ((place: number, logit: number) => void) | undefined;

  /** @param onDocument called as each different document has its logit. */
  constructor(
    readonly tokens: TokenizedRequest,
    onDocument?: (place: number, logit: number) => void,
  ) {
    this.#onDocument = onDocument;
    const documents = tokens.textTokens.length;
    this.#pending = tokens.pairs.length;
    this.logits = new Float32Array(documents).fill(-Infinity);
    this.#passagesLeft = new Uint32Array(documents);
    for (const owner of tokens.owners) this.#passagesLeft[owner]! += 1;
    let resolve!: () => void;
    let reject!: (error: unknown) => void;
    this.done = new Promise<void>((...settle) => ([resolve, reject] = settle));
    this.#resolve = resolve;
    this.#reject = reject;
    this.#passagesLeft.forEach((left, place) => {
      if (left === 0) this.#finish(place, BLANK_LOGIT);
    });
    if (this.#pending === 0) this.#settle();
  }

  /** Whether it has its outcome, so that what still comes for it is dropped. */
  get settled(): boolean {
    return this.#over;
  }

  /** Takes the logit of a passage. */
  scored(position: number, logit: number): void {
    if (this.#over) return;
    const owner = this.tokens.owners[position]!;
    this.#passagesLeft[owner]! -= 1;
    const best = Math.max(this.logits[owner]!, logit);
    if (this.#passagesLeft[owner] === 0) this.#finish(owner, best);
    else this.logits[owner] = best;
    this.#pending -= 1;
    if (this.#pending === 0) this.#settle();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reject(error);
  }

  #finish(place: number, logit: number): void {
    this.logits[place] = logit;
    this.#onDocument?.(place, logit);
  }

  #settle(): void {
    this.#over = true;
    this.#resolve();
  }
}
