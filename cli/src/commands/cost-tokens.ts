import path from 'node:path';
import type { Tokenization } from '@sagemaker-reranker/cost/measure';
import { PairEncoder } from '@sagemaker-reranker/inference';
import { embeddedModelDirectory, readModelDirectory, specialTokens } from '@sagemaker-reranker/models';

/** How texts become tokens by a model directory's tokenizer; by default the embedded model's. */
export async function tokenizationOf(directory = embeddedModelDirectory()): Promise<Tokenization> {
  const description = await readModelDirectory(directory);
  const { pair_template: template, max_length: longestPair, tokenizer: file } = description;
  const special = specialTokens(template);
  const encoder = new PairEncoder(path.join(directory, file.path), template, Infinity);
  return {
    count: async (text) => (await encoder.encode({ query: '', document: text })).length - special,
    special,
    longestPair,
  };
}
