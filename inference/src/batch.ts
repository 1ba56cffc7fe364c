import type { Pair } from './pair.js';

/** Pairs as a model reads them: each row is padded to `width` tokens. */
export interface PairBatch {
  /** Tokens of each pair, at most `width`. */
  readonly lengths: Uint32Array;
  readonly width: number;
  /** Token ids and token type ids, [pairs, width]. */
  readonly ids: BigInt64Array;
  readonly types: BigInt64Array;
}

/**
 * Packs pairs into a batch.
 * @param pad token id behind pairs shorter than the batch
 * @param width tokens that the batch is padded to, where its longest pair has fewer
 */
export function packBatch(pairs: readonly Pair[], pad: number, width = 0): PairBatch {
  const lengths = Uint32Array.from(pairs, ({ length }) => length);
  const columns = lengths.reduce((most, length) => Math.max(most, length), width);
  const ids = new BigInt64Array(pairs.length * columns);
  const types = new BigInt64Array(pairs.length * columns);
  // Ids are small and not negative: writing the low words alone spares a BigInt for every cell.
  const idWords = new Int32Array(ids.buffer);
  const typeWords = new Int32Array(types.buffer);
  pairs.forEach((pair, row) => {
    const start = row * columns;
    pair.write(idWords, typeWords, start);
    for (let at = start + pair.length; at < start + columns; at += 1) idWords[2 * at] = pad;
  });
  return { lengths, width: columns, ids, types };
}
