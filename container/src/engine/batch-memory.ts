import { type BatchModel, batchBytes, SERVER_BYTES } from '@sagemaker-reranker/models';

/** Part of the memory that is planned for; the rest is for request bodies, page cache and what else runs. */
export const PLANNED_SHARE = 0.8;

/** Bytes that each inference process may spend on a batch; 0 where not even the models fit. */
export function batchBudget(options: {
  readonly memory: number;
  readonly workers: number;
  /** Bytes that a process holds once it has loaded the model. */
  readonly loaded: number;
}): number {
  const { memory, workers, loaded } = options;
  const left = PLANNED_SHARE * memory - SERVER_BYTES.process - workers * loaded;
  return Math.max(0, Math.floor(left / workers));
}

/** The longest pair, at most `most` tokens, that fits in the budget as a batch of its own. */
export function longestWithin(model: BatchModel, most: number, budget: number): number {
  let fits = 0;
  let beyond = most + 1;
  while (beyond - fits > 1) {
    const middle = (fits + beyond) >> 1;
    if (batchBytes(model, 1, middle) <= budget) fits = middle;
    else beyond = middle;
  }
  return fits;
}
