import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { list, type ReadEntry } from 'tar';
import { packModel, readModelDirectory } from '../../infra/model-archive';
import { modelDirectory, removeFixtures, temporaryDirectory, writeManifest } from './support/fixtures';

afterAll(removeFixtures);

function manifestOf(directory: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8')) as Record<string, unknown>;
}

function pack(directory: string): string {
  const target = path.join(temporaryDirectory(), 'model.tar.gz');
  packModel(readModelDirectory(directory), target);
  return target;
}

function entries(archive: string): ReadEntry[] {
  const found: ReadEntry[] = [];
  list({ file: archive, sync: true, onReadEntry: (entry) => found.push(entry) });
  return found;
}

describe('packModel', () => {
  test('holds the manifest and what it lists, and nothing that lies beside it', () => {
    const directory = modelDirectory('tiny');
    writeFileSync(path.join(directory, 'notes.txt'), 'private');
    const found = entries(pack(directory));
    expect(found.map((entry) => entry.path)).toEqual(['manifest.json', 'model.onnx', 'tokenizer.json']);
    expect(found.every((entry) => entry.type === 'File')).toBe(true);
  });

  test('equal content gives equal bytes, wherever and whenever it was written', () => {
    const [one, other] = [pack(modelDirectory('tiny')), pack(modelDirectory('tiny'))];
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
    expect(readFileSync(one).equals(readFileSync(pack(modelDirectory('tiny', 'other weights'))))).toBe(false);
  });

  test('follows links: SageMaker takes no archive with any', () => {
    const directory = modelDirectory('tiny');
    const elsewhere = path.join(temporaryDirectory(), 'weights');
    writeFileSync(elsewhere, 'weights');
    unlinkSync(path.join(directory, 'model.onnx'));
    symlinkSync(elsewhere, path.join(directory, 'model.onnx'));
    expect(entries(pack(directory)).map((entry) => entry.type)).toEqual(['File', 'File', 'File']);
  });
});

describe('readModelDirectory', () => {
  test('its digest follows the content', () => {
    const digest = readModelDirectory(modelDirectory('tiny')).digest;
    expect(readModelDirectory(modelDirectory('tiny')).digest).toBe(digest);
    expect(readModelDirectory(modelDirectory('tiny', 'x')).digest).not.toBe(digest);
  });

  test('names every file that differs or is missing', () => {
    const directory = modelDirectory('tiny');
    writeFileSync(path.join(directory, 'model.onnx'), 'tampered');
    unlinkSync(path.join(directory, 'tokenizer.json'));
    expect(() => readModelDirectory(directory)).toThrow(
      /2 faults\n {2}- .*model\.onnx has SHA-256 [0-9a-f]{64} and 8 bytes; the manifest says .*\n {2}- .*tokenizer\.json cannot be read: ENOENT/,
    );
  });

  test('no directory, no manifest', () => {
    expect(() => readModelDirectory('/nowhere')).toThrow(
      '/nowhere/manifest.json cannot be read (ENOENT): a model directory holds a manifest.json',
    );
  });

  test('a manifest that is not JSON', () => {
    const directory = modelDirectory('tiny');
    writeFileSync(path.join(directory, 'manifest.json'), '{');
    expect(() => readModelDirectory(directory)).toThrow('manifest.json is not JSON');
  });

  test.each([
    [{ format_version: 2 }, 'format_version must be 1'],
    [{ precision: 'fp16' }, 'precision must be "fp32" or "int8"'],
    [{ files: [] }, 'files must list the files of the model'],
    [{ model: 'other.onnx' }, 'the model file "other.onnx" is not among files'],
    [{ files: [{ path: '../secret', bytes: 1, sha256: '' }] }, '"../secret" leaves the model directory'],
  ])('refuses a manifest with %j', (change, message) => {
    const directory = modelDirectory('tiny');
    writeManifest(directory, { ...manifestOf(directory), ...change });
    expect(() => readModelDirectory(directory)).toThrow(message);
  });
});
