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
import { exportModel, packModel, readManifest, synthesizeModel, writeManifest } from '../../models';

const run = promisify(execFile);
const sizes = { layers: 1, hidden: 16, heads: 2, intermediate: 16, vocabulary: 18_000 };
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
    const a = await packModel(directory, path.join(root, 'a.tar.gz'));
    const b = await packModel(copy, path.join(root, 'b.tar.gz'));
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
    await packModel(directory, archive);
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
    await exportModel(directory, out);
    expect(await readdir(out)).toEqual(files);
    expect(await readManifest(out)).toEqual(await readManifest(directory));
  });

  it.each([
    ['an archive', packModel, 'out.tar.gz'],
    ['a directory', exportModel, 'out'],
  ])('leaves nothing behind when a file is not the declared one: %s', async (_, pack, name) => {
    const file = path.join(directory, 'tokenizer.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('<mask>', '<cast>'));
    const failing = pack(directory, path.join(root, name));
    await expect(failing).rejects.toMatchObject({ code: 'digest_mismatch', file });
    expect(await readdir(root)).toEqual(['model']);
  });

  it('refuses a manifest that leaves its directory, and an output that is taken', async () => {
    const out = path.join(root, 'out.tar.gz');
    await writeFile(out, 'mine');
    await expect(packModel(directory, out)).rejects.toMatchObject({ code: 'output_exists' });
    expect(await readFile(out, 'utf8')).toBe('mine');
    const manifest = await readManifest(directory);
    await writeManifest(directory, {
      ...manifest,
      files: [...manifest.files, { ...manifest.files[0], path: '../out.tar.gz' }],
    });
    await expect(packModel(directory, `${out}2`)).rejects.toMatchObject({ code: 'manifest_invalid' });
  });
});
