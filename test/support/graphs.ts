import type { Architecture, Precision } from '@sagemaker-reranker/models';
import { buildGraph } from '../../models/src/directory/directory.js';
import type { WeightReader } from '../../models/src/encoder/weights.js';

/** The ONNX file of a cross-encoder. */
export function graphOf(
  architecture: Architecture,
  weights: WeightReader,
  options: {
    readonly precision: Precision;
    readonly embeddings?: 'fp32' | 'int8';
    readonly weightBits?: 7 | 8;
    readonly tokenTypes: boolean;
  },
): Uint8Array {
  return buildGraph({ architecture, weights, ...options }, options.tokenTypes).toModel();
}
