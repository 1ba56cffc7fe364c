/** @jest-environment ./test/support/environment.js */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { VARIANTS, embeddedModelDirectory, readManifest } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import { synthesizeTiny } from '../../support/cli.js';
import { logits, open } from '../../support/onnx.js';

let root: string;
beforeEach(async () => (root = await mkdtemp(path.join(tmpdir(), 'synthesize-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

const sizes = { layers: 1, hidden: 16, heads: 2, intermediate: 16, vocabulary: 28_000 };
const digests = async (directory: string) =>
  (await readManifest(directory)).files.map(({ sha256 }) => sha256);

describe('a synthesized model', () => {
  it('is the same for the same seed and another for another', async () => {
    const out = ['a', 'b', 'c'].map((name) => path.join(root, name));
    await synthesizeModel({ model: sizes, seed: 7, out: out[0] });
    await synthesizeModel({ model: sizes, seed: 7, out: out[1] });
    await synthesizeModel({ model: sizes, seed: 8, out: out[2] });
    const [a, b, c] = await Promise.all(out.map(digests));
    expect(b).toEqual(a);
    expect(c[0]).not.toBe(a[0]);
  });

  it('runs on the ids of its own tokenizer', async () => {
    const out = path.join(root, 'model');
    const manifest = await synthesizeModel({
      model: sizes,
      seed: 1,
      out,
      precision: 'int8',
      documentType: 1,
    });
    const tokenizer = Tokenizer.fromFile(path.join(out, manifest.tokenizer.path));
    const ids = (await tokenizer.encode('a query', 'a document')).getIds();
    const session = await open(path.join(out, manifest.model));
    expect(session.inputNames).toEqual(Object.values(manifest.inputs));
    const [logit] = await logits(session, [{ ids }]);
    expect(Number.isFinite(logit)).toBe(true);
  });

  it('of a variant has its sizes, context and parameters', async () => {
    const out = path.join(root, 'tiny');
    await synthesizeTiny(out);
    expect(await readManifest(out)).toMatchObject({
      variant: 'tiny',
      architecture: VARIANTS.tiny.architecture,
      parameters: 33_046_273,
      max_length: 8192,
      source: { kind: 'synthesized', seed: 7 },
    });
  });

  it('leaves nothing behind when it fails, and never overwrites', async () => {
    const out = path.join(root, 'model');
    const failing = synthesizeModel({ model: { ...sizes, hidden: 15 }, seed: 1, out });
    await expect(failing).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('multiple of heads') as string,
    });
    const small = synthesizeModel({ model: { ...sizes, vocabulary: 50 }, seed: 1, out });
    await expect(small).rejects.toMatchObject({ code: 'tokenizer_invalid' });
    expect(await readdir(root)).toEqual([]);
    await mkdir(out);
    await writeFile(path.join(out, 'mine'), 'kept');
    await expect(synthesizeModel({ model: sizes, seed: 1, out })).rejects.toMatchObject({
      code: 'output_exists',
    });
    expect(await readFile(path.join(out, 'mine'), 'utf8')).toBe('kept');
    expect(await readdir(root)).toEqual(['model']);
  });

  it.each([
    ['no tokenizer', '{"a": 1}'],
    ['no JSON', 'x'],
    ['no <s>', '{"added_tokens": [], "model": {"vocab": {"a": 0}}}'],
  ])('refuses a tokenizer file that is %s', async (_, text) => {
    const tokenizerFile = path.join(root, 'tokenizer.json');
    await writeFile(tokenizerFile, text);
    const failing = synthesizeModel({ model: sizes, seed: 1, out: path.join(root, 'model'), tokenizerFile });
    await expect(failing).rejects.toMatchObject({ code: 'tokenizer_invalid', file: tokenizerFile });
  });
});

describe('the embedded model', () => {
  it('is complete and is what the registry says', async () => {
    const manifest = await readManifest(embeddedModelDirectory());
    const { architecture, parameters, contextTokens } = VARIANTS.embedded;
    expect(manifest).toMatchObject({
      variant: 'embedded',
      architecture,
      parameters,
      max_length: contextTokens,
    });
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes).toBeLessThan(8_000_000);
  });
});
