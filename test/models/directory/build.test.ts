/** @jest-environment ./test/support/environment.js */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compareWithSource } from '@sagemaker-reranker/inference/verify';
import { type Architecture, ModelError, readManifest } from '@sagemaker-reranker/models';
import { type BuildOptions, buildModel } from '@sagemaker-reranker/models/build';
import { DataType, decodeModel, encodeModel } from '../../../models/src/onnx/proto.js';
import { parametersOf } from '../../../models/src/structures/structures.js';
import { writeSafetensors } from '../../../models/src/source/safetensors.js';
import { bertForward } from '../../support/bert-oracle.js';
import { exportLike } from '../../support/exported.js';
import type { Naming } from '../../support/exported.js';
import { logits, open } from '../../support/onnx.js';
import { forward } from '../../support/oracle.js';
import {
  halfSafetensors,
  publishedConfig,
  publishedWeights,
  writePublished,
} from '../../support/published.js';

const jina: Architecture = { layers: 2, hidden: 24, heads: 3, intermediate: 20, vocabulary: 60 };
const bert: Architecture = { structure: 'bert', ...jina, vocabulary: 100, positions: 512 };
const ids = [0, 11, 5, 9, 2, 2, 30, 7, 44, 12, 2];
/** The logit that these weights give by the reference, all tokens of type 0. */
const exact = (weights: ReturnType<typeof publishedWeights>): number =>
  forward(
    jina,
    (name) => weights.get(name)!.data,
    ids,
    ids.map(() => 0),
  );
const types = ids.map((_, i) => (i < 5 ? 0 : 1));

let root: string;
let directory: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'build-'));
  directory = path.join(root, 'published');
  out = path.join(root, 'built');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const build = (more: Partial<BuildOptions> = {}) =>
  buildModel({ directory, out, precision: 'fp32', ...more });
const put = (name: string, data: Uint8Array | string) => writeFile(path.join(directory, name), data);
const putConfig = (change: Record<string, unknown>) =>
  put('config.json', JSON.stringify({ ...publishedConfig(jina), ...change }));

async function score(): Promise<number> {
  const manifest = await readManifest(out);
  const [logit] = await logits(await open(path.join(out, manifest.model)), [{ ids, types }]);
  return logit;
}

async function failure(change: Partial<BuildOptions> = {}): Promise<ModelError> {
  const error: unknown = await build(change).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  expect(await readdir(root)).toEqual(['published']);
  return error as ModelError;
}

describe('weights of 7 bits', () => {
  it('are within -63..63, say so in the manifest, and rank as fp32 does to their rounding', async () => {
    const weights = publishedWeights(jina, 3);
    await writePublished(directory, jina);
    await writeSafetensors(path.join(directory, 'model.safetensors'), weights);
    expect((await build({ precision: 'int8', weightBits: 7 })).weight_bits).toBe(7);
    const { graph } = decodeModel(await readFile(path.join(out, 'model.onnx')));
    const integers = graph.initializer.filter(
      ({ dataType, dims }) => dataType === DataType.INT8 && dims.length === 2,
    );
    expect(integers).toHaveLength(7 * jina.layers);
    for (const { rawData } of integers) {
      const values = Int8Array.from(rawData!, (byte) => (byte << 24) >> 24);
      expect(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe(63);
    }
    expect(Math.abs((await score()) - exact(weights))).toBeLessThan(0.05);
  });
});

describe('building from safetensors', () => {
  it.each(['F32', 'F16', 'BF16'] as const)('gives the logits of the weights: %s', async (dtype) => {
    const weights = publishedWeights(jina, 3);
    await writePublished(directory, jina);
    if (dtype === 'F32') await writeSafetensors(path.join(directory, 'model.safetensors'), weights);
    else await put('model.safetensors', halfSafetensors(weights, dtype));
    const manifest = await build();
    expect(manifest).toMatchObject({
      name: 'published',
      architecture: jina,
      parameters: parametersOf(jina),
      max_length: 8192,
      precision: 'fp32',
      source: { kind: 'built', weights: { path: 'model.safetensors' } },
    });
    expect(await score()).toBeCloseTo(exact(weights), 4);
  });

  it('lays the pair out as the tokenizer of a BERT does, with token types', async () => {
    const weights = publishedWeights(bert, 3);
    await writePublished(directory, bert);
    await put('model.safetensors', halfSafetensors(weights, 'F16'));
    const manifest = await build();
    expect(manifest).toMatchObject({
      max_length: 512,
      architecture: bert,
      tokenizer: { pad: 0 },
      inputs: { token_type_ids: 'token_type_ids' },
      pair_template: [
        { special: 2, type: 0 },
        { sequence: 'query', type: 0 },
        { special: 3, type: 0 },
        { sequence: 'document', type: 1 },
        { special: 3, type: 1 },
      ],
    });
    const exact = bertForward(bert, (name) => weights.get(name)!.data, ids, types);
    expect(await score()).toBeCloseTo(exact, 4);
  });

  it('measures int8 against the weights it came from', async () => {
    await writePublished(directory, jina);
    await put('model.safetensors', halfSafetensors(publishedWeights(jina, 5), 'BF16'));
    const manifest = await build({ precision: 'int8', embeddings: 'int8', maxLength: 128 });
    const comparison = await compareWithSource(directory, out, manifest);
    expect(comparison.pairs).toBe(128);
    expect(comparison.largestError).toBeGreaterThan(0);
    expect(comparison.largestError).toBeLessThan(0.3);
    expect(comparison.meanError).toBeLessThanOrEqual(comparison.largestError);
    expect(comparison.kendallTau).toBeGreaterThan(0.5);
    for (const { source, built } of [comparison.milliseconds, comparison.peakBytes]) {
      expect(source).toBeGreaterThan(0);
      expect(built).toBeGreaterThan(0);
    }
  });
});

describe('building from an exported ONNX file', () => {
  const cases: [string, Architecture, Naming][] = [
    ['JinaBERT with anonymous weights', jina, 'biases'],
    ['JinaBERT without any name', jina, 'none'],
    ['BERT with anonymous weights', bert, 'biases'],
    ['BERT without any name', bert, 'none'],
  ];
  it.each(cases)('equals the export on real text within 1e-4: %s', async (_, a, naming) => {
    await writePublished(directory, a);
    await put('model.onnx', exportLike(a, publishedWeights(a, 9), naming));
    const manifest = await build({ maxLength: 256 });
    const comparison = await compareWithSource(directory, out, manifest);
    expect(comparison.largestError).toBeLessThan(1e-4);
    expect(comparison.kendallTau).toBeGreaterThan(0.99);
  });

  it('reads values kept in a file of their own, and says when it is missing or outside', async () => {
    await writePublished(directory, jina);
    const weights = publishedWeights(jina, 9);
    const model = decodeModel(exportLike(jina, weights, 'biases'));
    const words = model.graph.initializer.find(({ name }) => name.includes('word_embeddings'))!;
    await put('model.onnx_data', Buffer.concat([Buffer.alloc(16), words.rawData!]));
    const length = String(words.rawData!.length);
    const refer = async (location: string) => {
      words.rawData = new Uint8Array(0);
      words.dataLocation = 1;
      words.externalData = Object.entries({ location, offset: '16', length }).map(([key, value]) => ({
        key,
        value,
      }));
      await put('model.onnx', encodeModel(model));
    };
    await refer('../elsewhere');
    expect(await failure()).toMatchObject({
      code: 'path_escapes',
      message: expect.stringMatching(/elsewhere/) as string,
    });
    await refer('none.bin');
    expect(await failure()).toMatchObject({
      code: 'external_data_missing',
      message: expect.stringMatching(/none\.bin/) as string,
    });
    await refer('model.onnx_data');
    await build();
    expect(await score()).toBeCloseTo(exact(weights), 4);
  });

  it('refuses what is truncated, no ONNX file, or quantized', async () => {
    await writePublished(directory, jina);
    const bytes = exportLike(jina, publishedWeights(jina, 1), 'biases');
    await put('model.onnx', bytes.subarray(0, bytes.length / 2));
    expect(await failure()).toMatchObject({
      code: 'model_invalid',
      file: path.join(directory, 'model.onnx'),
    });
    await put('model.onnx', 'version https://git-lfs.github.com/spec/v1');
    expect((await failure()).code).toBe('model_invalid');
    const model = decodeModel(bytes);
    model.graph.node.find(({ opType }) => opType === 'MatMul')!.opType = 'MatMulInteger';
    await put('model.onnx', encodeModel(model));
    expect(await failure()).toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(/MatMulInteger/) as string,
    });
  });
});

describe('bad input', () => {
  beforeEach(async () => {
    await writePublished(directory, jina);
    await writeSafetensors(path.join(directory, 'model.safetensors'), publishedWeights(jina, 1));
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['another model', { model_type: 'squeezebert' }, 'structure_unsupported', /"squeezebert".*models import/],
    [
      'a decoder',
      { model_type: 'qwen3' },
      'structure_unsupported',
      /"qwen3" is a decoder.*bge-reranker-v2-m3/,
    ],
    ['an embedding model', { architectures: ['BertModel'] }, 'head_unsupported', /BertModel.*first stage/],
    ['another activation', { hidden_act: 'mish' }, 'structure_unsupported', /mish/],
    ['another gate', { feed_forward_type: 'reglu' }, 'structure_unsupported', /reglu/],
    ['rotary positions', { position_embedding_type: 'rotary' }, 'structure_unsupported', /rotary/],
    ['two labels', { id2label: { 0: 'no', 1: 'yes' } }, 'head_unsupported', /2 labels/],
    ['a size missing', { hidden_size: undefined }, 'config_invalid', /hidden_size/],
    ['fewer layers than weights have', { num_hidden_layers: 3 }, 'weights_invalid', /layer\.2.*is missing/],
    [
      'other sizes than the weights have',
      { intermediate_size: 21 },
      'weights_invalid',
      /\[40, 24\].*\[42, 24\]/,
    ],
    [
      'heads that do not divide',
      { num_attention_heads: 5 },
      'config_invalid',
      /multiple of num_attention_heads/,
    ],
  ])('%s', async (_, change, code, message) => {
    await putConfig(change);
    expect(await failure()).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('a head of several classes', async () => {
    const weights = publishedWeights(jina, 1);
    weights.set('classifier.weight', { shape: [3, 24], data: new Float32Array(72) });
    await writeSafetensors(path.join(directory, 'model.safetensors'), weights);
    expect(await failure()).toMatchObject({
      code: 'head_unsupported',
      message: expect.stringMatching(/3 rows/) as string,
    });
  });

  it('a tokenizer of more tokens than the model embeds', async () => {
    const small = { ...jina, vocabulary: 40 };
    await putConfig({ vocab_size: 40 });
    await writeSafetensors(path.join(directory, 'model.safetensors'), publishedWeights(small, 1));
    expect(await failure()).toMatchObject({
      code: 'tokenizer_invalid',
      message: expect.stringMatching(/0 to 39/) as string,
    });
  });

  it('a weight that is not a number', async () => {
    const weights = publishedWeights(jina, 1);
    weights.get('bert.encoder.layer.1.mlp.wo.weight')!.data[17] = Number.NaN;
    await writeSafetensors(path.join(directory, 'model.safetensors'), weights);
    expect(await failure()).toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(/layer\.1\.mlp\.wo\.weight holds NaN at position 17/) as string,
    });
  });

  it('files that are missing or cut', async () => {
    const bytes = await readFile(path.join(directory, 'model.safetensors'));
    await put('model.safetensors', bytes.subarray(0, bytes.length - 3));
    expect(await failure()).toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(/truncated/) as string,
    });
    await rm(path.join(directory, 'model.safetensors'));
    expect(await failure()).toMatchObject({
      code: 'model_file_missing',
      message: expect.stringMatching(/onnx\/model\.onnx/) as string,
    });
    expect((await failure({ directory: path.join(root, 'none') })).code).toBe('model_directory_missing');
  });

  it('weight bits of fp32 weights', async () => {
    expect(await failure({ weightBits: 7 })).toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/weight bits are of int8 products/) as string,
    });
  });

  it('a longer pair than the positions allow, and an output that is taken', async () => {
    expect(await failure({ maxLength: 8193 })).toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/8 to 8192/) as string,
    });
    await mkdir(out);
    await writeFile(path.join(out, 'mine'), '');
    await expect(build()).rejects.toMatchObject({ code: 'output_exists' });
    expect(await readdir(out)).toEqual(['mine']);
  });
});
