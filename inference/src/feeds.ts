import type { ModelManifest } from '@sagemaker-reranker/models';
import type { PairBatch } from './batch.js';
import { tensor, type Tensor } from './runtime.js';

/** The inputs of a batch, int64 [pairs, width], by the names that the model gives them. */
export function batchFeeds(inputs: ModelManifest['inputs'], batch: PairBatch): Record<string, Tensor> {
  const { lengths, width, ids, types } = batch;
  const dims = [lengths.length, width];
  const feeds: Record<string, Tensor> = {
    [inputs.input_ids]: tensor('int64', ids, dims),
    [inputs.attention_mask]: tensor('int64', maskOf(batch), dims),
  };
  if (inputs.token_type_ids !== undefined) {
    feeds[inputs.token_type_ids] = tensor('int64', types, dims);
  }
  return feeds;
}

function maskOf({ lengths, width }: PairBatch): BigInt64Array {
  const mask = new BigInt64Array(lengths.length * width);
  lengths.forEach((length, row) => mask.fill(1n, row * width, row * width + length));
  return mask;
}
