import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Verification, verifyModel } from '@sagemaker-reranker/inference/verify';
import {
  type ModelManifest,
  describeFile,
  embeddedModelDirectory,
  readManifest,
  writeManifest,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import { Graph } from '../../models/src/onnx/graph.js';
import { DataType, decodeModel, encodeModel } from '../../models/src/onnx/proto.js';

const cli = path.resolve(__dirname, '../../cli/dist/main.js');
const run = promisify(execFile);
const sizes = { layers: 1, hidden: 16, heads: 2, intermediate: 16, vocabulary: 28_000 };

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'verify-'));
  directory = path.join(root, 'model');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const failed = ({ checks }: Verification) =>
  checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);

/** Puts other bytes in place of the ONNX file, and lets the manifest agree with them. */
async function replaceModel(bytes: Uint8Array | string, change: Partial<ModelManifest> = {}): Promise<void> {
  const manifest = await readManifest(directory);
  await writeFile(path.join(directory, manifest.model), bytes);
  const files = manifest.files.map((file) => describeFile(directory, file.path));
  await writeManifest(directory, { ...manifest, files, ...change });
}

describe('verifying a model directory', () => {
  it('passes the embedded model, and says what it skipped', async () => {
    const verification = await verifyModel(embeddedModelDirectory());
    expect(failed(verification)).toEqual([]);
    expect(verification.passed).toBe(true);
    expect(verification.checks.filter(({ outcome }) => outcome === 'passed')).toHaveLength(7);
    expect(verification.checks.find(({ name }) => name === 'published logits')?.outcome).toBe('skipped');
  });

  it('finds a file that was exchanged for another of its size', async () => {
    await synthesizeModel({ model: sizes, seed: 1, out: directory });
    const file = path.join(directory, 'tokenizer.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('<mask>', '<cast>'));
    const { stdout } = await run(process.execPath, [cli, 'models', 'verify', directory]).catch(
      (error: unknown) => error as { stdout: string; code: number },
    );
    expect(stdout).toMatch(/failed +SHA-256 of the files +tokenizer\.json has/);
    expect(stdout).toContain(`${directory}: FAILED`);
  });

  it('finds logits that depend on the batch and on padding', async () => {
    await synthesizeModel({ model: sizes, seed: 1, out: directory });
    const g = new Graph('mean');
    const ids = g.input('input_ids', DataType.INT64, ['batch', 'sequence']);
    g.input('attention_mask', DataType.INT64, ['batch', 'sequence']);
    const x = g.op('Cast', [ids], { to: DataType.FLOAT });
    const all = g.op('ReduceMean', [x], { keepdims: 0 });
    const own = g.op('ReduceMean', [x], { axes: [1], keepdims: 1 });
    g.output(g.ops('Add', [own, all], ['logits'])[0], DataType.FLOAT, ['batch', 1]);
    await replaceModel(g.toModel());
    expect(failed(await verifyModel(directory))).toEqual([
      'a pair alone equals the pair in a batch',
      'padding changes nothing',
    ]);
  });

  it('finds another interface, other counts and a tokenizer of other ids', async () => {
    await synthesizeModel({ model: sizes, seed: 1, out: directory });
    const manifest = await readManifest(directory);
    const change = {
      inputs: { ...manifest.inputs, token_type_ids: 'token_type_ids' },
      parameters: 12,
      tokenizer: { ...manifest.tokenizer, vocabulary: 100 },
    };
    await writeManifest(directory, { ...manifest, ...change });
    expect(failed(await verifyModel(directory))).toEqual([
      'inputs and outputs',
      'tokenizer and vocabulary',
      'parameters',
    ]);
  });

  it('holds a directory that calls itself tiny to the published logits and ids', async () => {
    await run(process.execPath, [...[cli, 'models', 'synthesize', '--variant', 'tiny', '--out', directory]]);
    const manifest = await readManifest(directory);
    expect(manifest.source.kind).toBe('synthesized');
    await writeManifest(directory, { ...manifest, source: { kind: 'hub' } });
    const { stdout, code } = (await run(process.execPath, [
      cli,
      'models',
      'verify',
      directory,
      '--json',
    ]).catch((error: unknown) => error as { stdout: string; code: number })) as {
      stdout: string;
      code?: number;
    };
    expect(code).toBe(1);
    const verification = JSON.parse(stdout) as Verification;
    expect(failed(verification)).toEqual(['published logits', 'published token ids']);
    expect(verification.checks.find(({ name }) => name === 'published logits')?.detail).toMatch(/^11 pairs/);
  });

  it('finds weights that are not numbers', async () => {
    await synthesizeModel({ model: sizes, seed: 1, out: directory });
    const model = decodeModel(await readFile(path.join(directory, 'model.onnx')));
    const pooler = model.graph.initializer.find(({ name }) => name === 'bert.pooler.dense.weight')!;
    const values = Buffer.from(pooler.rawData!);
    values.writeFloatLE(Number.NaN, 4 * 7);
    pooler.rawData = values;
    await replaceModel(encodeModel(model));
    expect(failed(await verifyModel(directory))).toContain('logits are finite');
  });

  it('names what cannot be run at all', async () => {
    await synthesizeModel({ model: sizes, seed: 1, out: directory });
    const file = path.join(directory, 'model.onnx');
    const bytes = await readFile(file);
    const old = decodeModel(bytes);
    old.opsetImport = [{ domain: '', version: 9 }];
    await replaceModel(encodeModel(old));
    await expect(verifyModel(directory)).rejects.toMatchObject({ code: 'opset_unsupported', file });
    const foreign = decodeModel(bytes);
    foreign.graph.node.find(({ opType }) => opType === 'Slice')!.opType = 'Slices';
    await replaceModel(encodeModel(foreign));
    await expect(verifyModel(directory)).rejects.toMatchObject({ code: 'operator_unsupported', file });
    await replaceModel(bytes.subarray(0, 5000));
    await expect(verifyModel(directory)).rejects.toMatchObject({ code: 'model_invalid', file });
    await replaceModel('<html>not found</html>');
    await expect(verifyModel(directory)).rejects.toMatchObject({ code: 'model_invalid', file });
  });
});
