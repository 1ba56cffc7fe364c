import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compareModels } from '@sagemaker-reranker/inference/verify';
import { embeddedModelDirectory, readManifest } from '@sagemaker-reranker/models';
import { floatTwin } from './float-twin.js';
import { saturatingTwin } from './saturating-twin.js';
import type { Setting } from './setting.js';

/**
 * The embedded model beside its twin with float activations, over the texts that `models build` compares with. Its weights are
 * stored as int8 alone, so this measures the rounding of activations; what rounding the weights adds is in docs/benchmarks.md.
 */
export async function rankings({ directory, report, note }: Setting): Promise<void> {
  const embedded = embeddedModelDirectory();
  const manifest = await readManifest(embedded);
  const twin = path.join(directory, 'float-twin.onnx');
  await writeFile(twin, floatTwin(await readFile(path.join(embedded, manifest.model))));
  note('the embedded model, int8 beside float activations');
  const { pairs, kendallTau, largestError } = await compareModels(embedded, manifest, twin);
  const name = `embedded, ${pairs} pairs of text`;
  report({
    name: `${name}: Kendall tau of int8`,
    value: kendallTau,
    unit: 'tau',
    target: { atLeast: 0.985 },
  });
  report({ name: `${name}: largest error of a logit`, value: largestError, unit: 'logit' });
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  report({ name: 'embedded: its files', value: bytes / 1e6, unit: 'MB', target: { atMost: 8 } });

  const saturated = path.join(directory, 'saturating-twin.onnx');
  await writeFile(saturated, saturatingTwin(await readFile(path.join(embedded, manifest.model))));
  note('the embedded model, int8 beside what a processor without VNNI makes of it');
  const without = await compareModels(embedded, manifest, saturated);
  report({ name: `${name}: Kendall tau of int8 without VNNI`, value: without.kendallTau, unit: 'tau' });
  report({
    name: `${name}: largest change of a logit without VNNI`,
    value: without.largestError,
    unit: 'logit',
  });
}
