import { Tensor } from '../runtime.js';
import type { ModelManifest } from '@sagemaker-reranker/models';
import type { ProbePair } from './protocol.js';

/**
 * Inputs of a batch of pairs, int64 [pairs, width].
 * @param pad token id behind pairs shorter than `width`
 */
export function pairFeeds(
  inputs: ModelManifest['inputs'],
  pad: number,
  pairs: readonly ProbePair[],
  width: number,
): Record<string, Tensor> {
  const tensor = (value: (row: number, column: number) => number): Tensor => {
    const cells = new BigInt64Array(pairs.length * width);
    for (let i = 0; i < cells.length; i++) cells[i] = BigInt(value(Math.floor(i / width), i % width));
    return new Tensor('int64', cells, [pairs.length, width]);
  };
  const feeds: Record<string, Tensor> = {
    [inputs.input_ids]: tensor((row, i) => pairs[row].ids[i] ?? pad),
    [inputs.attention_mask]: tensor((row, i) => (i < pairs[row].ids.length ? 1 : 0)),
  };
  if (inputs.token_type_ids !== undefined) {
    feeds[inputs.token_type_ids] = tensor((row, i) => pairs[row].types[i] ?? 0);
  }
  return feeds;
}
