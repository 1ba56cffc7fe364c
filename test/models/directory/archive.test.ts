import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  exportModel,
  openModelDirectory,
  packModel,
  readManifest,
  writeManifest,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';

const run = promisify(execFile);
const sizes = { layers: 1, hidden: 16, heads: 2, intermediate: 16, vocabulary: 28_000 };
const files = ['manifest.json', 'model.onnx', 'tokenizer.json'];

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'archive-'));
  directory = path.join(root, 'model');
  await synthesizeModel({ model: sizes, seed: 1, out: directory });
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('packing a model directory', () => {
  it('gives the same bytes for the same input, whatever its dates, its links and its company', async () => {
    const copy = path.join(root, 'copy');
    await cp(directory, copy, { recursive: true });
    await writeFile(path.join(copy, 'notes.txt'), 'not listed');
    await rename(path.join(copy, 'model.onnx'), path.join(root, 'elsewhere.onnx'));
    await symlink(path.join(root, 'elsewhere.onnx'), path.join(copy, 'model.onnx'));
    await utimes(path.join(copy, 'tokenizer.json'), 1, 1);
    const a = packModel(openModelDirectory(directory), path.join(root, 'a.tar.gz'));
    const b = packModel(openModelDirectory(copy), path.join(root, 'b.tar.gz'));
    expect(b).toEqual({ ...a, path: b.path });
    expect((await readFile(b.path)).equals(await readFile(a.path))).toBe(true);
    const { stdout } = await run('tar', ['-tvzf', b.path]);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(files);
    // Plain files, no owner's name.
    for (const line of lines) expect(line).toMatch(/^-rw-r--r-- 0\/0 .* 1970-01-01/);
  });

  it('holds what the directory holds', async () => {
    const archive = path.join(root, 'new', 'model.tar.gz');
    packModel(openModelDirectory(directory), archive);
    const out = path.join(root, 'out');
    await mkdir(out);
    await run('tar', ['-xzf', archive, '-C', out]);
    expect(await readManifest(out)).toEqual(await readManifest(directory));
    for (const file of files) {
      expect((await readFile(path.join(out, file))).equals(await readFile(path.join(directory, file)))).toBe(
        true,
      );
    }
    expect(await readdir(path.dirname(archive))).toEqual(['model.tar.gz']);
  });

  it('copies a plain directory with the listed files alone', async () => {
    await writeFile(path.join(directory, 'notes.txt'), 'not listed');
    const out = path.join(root, 'plain');
    await exportModel(openModelDirectory(directory), out);
    expect(await readdir(out)).toEqual(files);
    expect(await readManifest(out)).toEqual(await readManifest(directory));
  });

  it.each([
    ['an archive', packModel, 'out.tar.gz'],
    ['a directory', exportModel, 'out'],
  ])('leaves nothing behind when a file goes missing meanwhile: %s', async (_, pack, name) => {
    const model = openModelDirectory(directory);
    await rm(path.join(directory, 'tokenizer.json'));
    await expect(Promise.resolve(model).then((one) => pack(one, path.join(root, name)))).rejects.toThrow(
      'ENOENT',
    );
    expect(await readdir(root)).toEqual(['model']);
  });

  it('refuses an output that is taken', async () => {
    const out = path.join(root, 'out.tar.gz');
    await writeFile(out, 'mine');
    const model = openModelDirectory(directory);
    expect(() => packModel(model, out)).toThrow(expect.objectContaining({ code: 'output_exists' }));
    await expect(exportModel(model, out)).rejects.toMatchObject({ code: 'output_exists' });
    expect(await readFile(out, 'utf8')).toBe('mine');
  });
});

describe('opening a model directory', () => {
  it('gives equal digests for equal content', async () => {
    const copy = path.join(root, 'copy');
    await cp(directory, copy, { recursive: true });
    expect(openModelDirectory(copy).digest).toBe(openModelDirectory(directory).digest);
    await writeManifest(copy, { ...(await readManifest(copy)), name: 'other' });
    expect(openModelDirectory(copy).digest).not.toBe(openModelDirectory(directory).digest);
  });

  it('names every file that is not the one declared', async () => {
    for (const [name, from, to] of [
      ['tokenizer.json', '<mask>', '<cast>'],
      ['model.onnx', 'jinabert', 'jinabird'],
    ]) {
      const file = path.join(directory, name);
      await writeFile(file, (await readFile(file, 'latin1')).replace(from, to), 'latin1');
    }
    expect(() => openModelDirectory(directory)).toThrow(
      /model\.onnx has SHA-256 .*; .*tokenizer\.json has SHA-256/,
    );
    expect(() => openModelDirectory(directory)).toThrow(expect.objectContaining({ code: 'digest_mismatch' }));
  });

  it('refuses a manifest that leaves its directory', async () => {
    const manifest = await readManifest(directory);
    await writeManifest(directory, {
      ...manifest,
      files: [...manifest.files, { ...manifest.files[0], path: '../out.tar.gz' }],
    });
    expect(() => openModelDirectory(directory)).toThrow(
      expect.objectContaining({ code: 'manifest_invalid' }),
    );
  });
});
