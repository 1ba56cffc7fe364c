import { unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from '@sagemaker-reranker/infra';
import { readModelDirectory } from '../../../infra/src/model/model-archive.js';
import { modelDirectory, removeFixtures } from '../support/fixtures.js';

afterAll(removeFixtures);

function refusal(directory: string): ConfigurationError {
  try {
    readModelDirectory(directory);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('the directory was expected to be refused');
}

test('gives manifest and digest of a whole directory; the digest follows the content', () => {
  const directory = modelDirectory('tiny');
  const { manifest, digest } = readModelDirectory(directory);
  expect(manifest.variant).toBe('tiny');
  expect(readModelDirectory(modelDirectory('tiny')).digest).toBe(digest);
  expect(readModelDirectory(modelDirectory('tiny', 'other weights')).digest).not.toBe(digest);
});

test.each<[string, (directory: string) => void, RegExp]>([
  [
    'of another size',
    (directory) => writeFileSync(path.join(directory, 'model.onnx'), 'tampered'),
    /model\.onnx has 8 bytes where the manifest declares 7/,
  ],
  [
    'of another digest',
    (directory) => writeFileSync(path.join(directory, 'model.onnx'), 'WEIGHTS'),
    /model\.onnx has SHA-256 [0-9a-f]{64}; the manifest declares/,
  ],
  [
    'missing',
    (directory) => unlinkSync(path.join(directory, 'tokenizer.json')),
    /tokenizer\.json is missing/,
  ],
  [
    'described by no JSON',
    (directory) => writeFileSync(path.join(directory, 'manifest.json'), '{'),
    /manifest\.json is not JSON/,
  ],
  ['without a manifest', (directory) => unlinkSync(path.join(directory, 'manifest.json')), /cannot be read/],
])('a fault of the deployment when a file is %s', (_, spoil, message) => {
  const directory = modelDirectory('tiny');
  spoil(directory);
  expect(refusal(directory).message).toMatch(message);
});

test('no directory is a fault of the deployment too', () => {
  expect(refusal('/nowhere').faults).toEqual(['no model directory at /nowhere']);
});
