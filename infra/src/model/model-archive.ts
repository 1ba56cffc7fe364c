import { type ModelDirectory, ModelError, openModelDirectory } from '@sagemaker-reranker/models';
import { ConfigurationError } from '../common/configuration-error.js';

/**
 * Opens a model directory and compares every file with its manifest, so that nothing else is uploaded.
 * @throws ConfigurationError naming what is missing or differs.
 */
export function readModelDirectory(directory: string): ModelDirectory {
  try {
    return openModelDirectory(directory);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ConfigurationError('modelDirectory', [error.message]);
  }
}
