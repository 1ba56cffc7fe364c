import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelManifest } from '@sagemaker-reranker/models';
import { exportedFile, sourceGraph } from '@sagemaker-reranker/models/build';
import type { SampleGroup } from '../tune/samples.js';
import { compareModels } from './compare.js';
import type { Comparison } from './compare.js';

/**
 * Compares a built directory with its source: with the exporter's ONNX file where the source has one, else with an fp32
 * graph of the same weights, made for the time of the comparison.
 */
export async function compareWithSource(
  directory: string,
  out: string,
  manifest: ModelManifest,
  samples?: readonly SampleGroup[],
): Promise<Comparison> {
  const exported = exportedFile(directory);
  if (exported) return compareModels(out, manifest, exported, samples);
  const temporary = await mkdtemp(path.join(tmpdir(), 'reranker-compare-'));
  try {
    const [model] = await (await sourceGraph(directory, manifest)).write(temporary, 'model.onnx');
    return await compareModels(out, manifest, path.join(temporary, model!), samples);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
