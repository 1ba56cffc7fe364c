import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Architecture,
  importExport,
  readManifest,
  readModelDirectory,
} from '@sagemaker-reranker/models';
import { exportLike } from '../../support/exported.js';
import { publishedWeights, writePublished } from '../../support/published.js';

const a: Architecture = {
  structure: 'bert',
  layers: 1,
  hidden: 16,
  heads: 2,
  intermediate: 24,
  vocabulary: 100,
  positions: 64,
};
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'import-'));
  await writePublished(directory, a);
  await writeFile(path.join(directory, 'model.onnx'), exportLike(a, publishedWeights(a, 1), 'biases'));
});
afterEach(() => rm(directory, { recursive: true }));

it('gives an export a manifest that says what a bare one is served with', async () => {
  const bare = await readModelDirectory(directory);
  const manifest = await importExport(directory, { name: 'mine' });
  expect(manifest).toMatchObject({
    name: 'mine',
    source: { kind: 'imported' },
    max_length: bare.max_length,
    pair_template: bare.pair_template,
    inputs: bare.inputs,
    architecture: { structure: 'other', hidden: 16 },
    exported: { choices: bare.exported!.choices },
  });
  expect(manifest.files.map((file) => file.path)).toEqual(['model.onnx', 'tokenizer.json']);
  expect(await readManifest(directory)).toEqual(manifest);
  await expect(importExport(directory)).rejects.toMatchObject({ code: 'output_exists' });
});

it('refuses a decoder by name, and writes nothing', async () => {
  const file = path.join(directory, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, model_type: 'llama' }));
  await expect(importExport(directory)).rejects.toMatchObject({ code: 'structure_unsupported' });
  await expect(readManifest(directory)).rejects.toMatchObject({ code: 'model_file_missing' });
});
