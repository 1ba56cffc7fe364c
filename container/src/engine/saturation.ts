import { type ModelDescription, saturates } from '@sagemaker-reranker/models';
import type { Logger } from '../log.js';

/** Scores are then not those that the model was verified with, and nothing else would say so. */
export function warnOfSaturation(
  { precision, weight_bits }: Pick<ModelDescription, 'precision' | 'weight_bits'>,
  logger: Logger,
  here = saturates(),
): void {
  if (precision !== 'int8' || weight_bits === 7 || !here) return;
  const remedy = 'build the model with --weight-bits 7, use fp32, or take a processor with VNNI';
  logger.warn({ remedy }, 'int8 products saturate on this processor: scores are shifted');
}
