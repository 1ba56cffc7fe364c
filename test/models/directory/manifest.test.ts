import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type ModelManifest,
  describeFile,
  readManifest,
  robertaPair,
  specialTokens,
  writeManifest,
} from '@sagemaker-reranker/models';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'manifest-'));
  await writeFile(path.join(directory, 'model.onnx'), 'weights');
  await writeFile(path.join(directory, 'tokenizer.json'), '{}');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function manifest(changes: Partial<Record<keyof ModelManifest, unknown>> = {}): Promise<ModelManifest> {
  return {
    format_version: 1,
    name: 'test',
    source: { kind: 'synthesized', seed: 1 },
    precision: 'fp32',
    architecture: { layers: 1, hidden: 8, heads: 2, intermediate: 8, vocabulary: 10 },
    parameters: 100,
    max_length: 64,
    model: 'model.onnx',
    tokenizer: { path: 'tokenizer.json', vocabulary: 10, pad: 1 },
    pair_template: robertaPair({ cls: 0, sep: 2 }, 1),
    inputs: { input_ids: 'input_ids', attention_mask: 'attention_mask' },
    output: 'logits',
    files: ['model.onnx', 'tokenizer.json'].map((name) => describeFile(directory, name)),
    created_by: 'test 1',
    ...changes,
  } as ModelManifest;
}

describe('a manifest', () => {
  it('is read back as it was written', async () => {
    const written = await manifest();
    await writeManifest(directory, written);
    expect(await readManifest(directory)).toEqual(written);
  });

  it('has the digest of the file', async () => {
    expect(describeFile(directory, 'model.onnx')).toEqual({
      path: 'model.onnx',
      bytes: 7,
      sha256: '9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c',
    });
  });

  it.each([
    [{ format_version: 2 }, 'format_version must be 1'],
    [{ precision: 'fp16' }, 'precision must be one of fp32, int8, int8-weights'],
    [{ model: '../model.onnx' }, 'model leaves the model directory'],
    [{ model: '/etc/passwd' }, 'leaves the model directory'],
    [{ model: 'a\\..\\..\\b' }, 'leaves the model directory'],
    [{ max_length: 0 }, 'max_length must be at least 8'],
    [{ architecture: { layers: 1 } }, 'architecture.hidden is missing'],
    [{ tokenizer: null }, 'tokenizer must be an object, not null'],
    [{ pair_template: [] }, 'pair_template must hold query, then document'],
    [{ pair_template: [{ sequence: 'query' }] }, 'pair_template.0 must have a type, and either'],
    [
      { files: [{ path: 'model.onnx', bytes: 7, sha256: 'x' }] },
      'files.0.sha256 must be 64 hexadecimal digits',
    ],
    [{ files: [] }, 'files must list "model.onnx"; files must list "tokenizer.json"'],
    [{ files: [null] }, 'files.0 must be an object'],
    [{ inputs: { input_ids: 'a' } }, 'inputs.attention_mask is missing'],
  ])('is refused with the field at fault: %j', async (changes, message) => {
    await writeManifest(directory, await manifest(changes));
    await expect(readManifest(directory)).rejects.toMatchObject({
      code: 'manifest_invalid',
      message: expect.stringContaining(message) as string,
      file: path.join(directory, 'manifest.json'),
    });
  });

  it('names every fault at once', async () => {
    await writeManifest(directory, await manifest({ format_version: 0, name: '', output: 3 }));
    await expect(readManifest(directory)).rejects.toThrow(/format_version.*name.*output/);
  });

  it('notices a file that is gone, and one that was cut short', async () => {
    await writeManifest(directory, await manifest());
    await truncate(path.join(directory, 'model.onnx'), 3);
    await expect(readManifest(directory)).rejects.toMatchObject({ code: 'model_invalid' });
    await rm(path.join(directory, 'model.onnx'));
    await expect(readManifest(directory)).rejects.toMatchObject({ code: 'model_file_missing' });
  });

  it('is asked for where it is missing, not JSON, or there is no directory', async () => {
    await expect(readManifest(directory)).rejects.toMatchObject({ code: 'model_file_missing' });
    await writeFile(path.join(directory, 'manifest.json'), '{');
    await expect(readManifest(directory)).rejects.toMatchObject({ code: 'manifest_invalid' });
    await expect(readManifest(path.join(directory, 'none'))).rejects.toMatchObject({
      code: 'model_directory_missing',
    });
  });
});

describe('the pair template', () => {
  it('costs four special tokens and gives the document its type', () => {
    const template = robertaPair({ cls: 0, sep: 2 }, 1);
    expect(specialTokens(template)).toBe(4);
    expect(template.map(({ type }) => type)).toEqual([0, 0, 0, 1, 1, 1]);
  });
});
