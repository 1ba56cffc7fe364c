import type { PairElement } from '@sagemaker-reranker/models';
import { assemble, type Example } from './sampler.js';

/** Padded tokens that a batch has at most, unless a single group has more: its activations stay in the processor's cache. */
const BATCH_TOKENS = 4096;

/** Some groups of a step, as the training graph takes them. */
export interface Batch {
  readonly groups: readonly Example[];
  /** Token ids of all pairs, one after the other, without padding. */
  readonly ids: Int32Array;
  /** Token types, as long as the ids. */
  readonly types: Uint8Array;
  /** Row-major [pairs, sequence]: ones for tokens, zeros behind them. */
  readonly mask: BigInt64Array;
  readonly pairs: number;
  /** Tokens of the longest pair. */
  readonly sequence: number;
}

/**
 * Cuts the groups of a step, in their order, into batches.
 * @param longest tokens that a pair has at most; the document is cut
 */
export function batches(
  groups: readonly Example[],
  template: readonly PairElement[],
  longest: number,
): Batch[] {
  const all: Batch[] = [];
  const pairs = groups.map(({ query, documents }) =>
    documents.map((document) => assemble(template, query, document, longest)),
  );
  let from = 0;
  let sequence = 0;
  let rows = 0;
  for (let to = 0; to < groups.length; to++) {
    const width = longestOf(pairs[to]!);
    if (to > from && Math.max(sequence, width) * (rows + pairs[to]!.length) > BATCH_TOKENS) {
      all.push(batch(groups.slice(from, to), pairs.slice(from, to).flat()));
      [from, sequence, rows] = [to, 0, 0];
    }
    sequence = Math.max(sequence, width);
    rows += pairs[to]!.length;
  }
  all.push(batch(groups.slice(from), pairs.slice(from).flat()));
  return all;
}

type Pair = ReturnType<typeof assemble>;

function longestOf(pairs: readonly Pair[]): number {
  return pairs.reduce((most, { ids }) => Math.max(most, ids.length), 0);
}

function batch(groups: readonly Example[], pairs: readonly Pair[]): Batch {
  const sequence = longestOf(pairs);
  const tokens = pairs.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = new Int32Array(tokens);
  const types = new Uint8Array(tokens);
  const mask = new BigInt64Array(pairs.length * sequence);
  let at = 0;
  pairs.forEach((pair, row) => {
    ids.set(pair.ids, at);
    types.set(pair.types, at);
    at += pair.ids.length;
    mask.fill(1n, row * sequence, row * sequence + pair.ids.length);
  });
  return { groups, ids, types, mask, pairs: pairs.length, sequence };
}
