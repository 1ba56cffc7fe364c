/** @jest-environment ./test/support/environment.js */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { SentenceEncoder } from '../../inference/src/sentence-encoder.js';
import { encodeToFile } from '../../inference/src/vector-file.js';
import { openPublished } from '../../models/src/directory/build.js';
import { writeSafetensors } from '../../models/src/source/safetensors.js';
import { openSentenceEncoder } from '../../models/src/sentence/open.js';
import { graphOf } from '../support/graphs.js';
import { logits, open } from '../support/onnx.js';
import { publishedWeights, writePublished } from '../support/published.js';

const fixtures = path.join(__dirname, '../fixtures/sentence-encoders');
const names = readdirSync(fixtures).filter((name) => !name.includes('.'));

interface Cases {
  readonly texts: string[];
  readonly query: number[][];
  readonly document: number[][];
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'encoder-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe.each(names)('the sentence encoder %s', (name) => {
  const cases = JSON.parse(readFileSync(path.join(fixtures, name, 'cases.json'), 'utf8')) as Cases;

  it("gives sentence-transformers' vectors, alone and in company", async () => {
    const encoder = await SentenceEncoder.open(path.join(fixtures, name), { threads: 1 });
    for (const role of ['query', 'document'] as const) {
      const together = await encoder.encode(cases.texts, role);
      for (const [i, text] of cases.texts.entries()) {
        const [alone] = await encoder.encode([text], role);
        for (const [k, value] of cases[role][i]!.entries()) {
          expect(Math.abs(together[i]![k]! - value)).toBeLessThan(2e-6);
          expect(Math.abs(alone![k]! - value)).toBeLessThan(2e-6);
        }
      }
    }
    await encoder.close();
  });
});

it('takes a JinaBERT whose weights are saved without the prefix of a model with a head', async () => {
  const a = { layers: 2, hidden: 16, heads: 2, intermediate: 24, vocabulary: 47 };
  await writePublished(directory, a);
  const weights = publishedWeights(a, 3);
  await writeSafetensors(path.join(directory, 'model.safetensors'), weights);
  // A head that hands on what it is given, one channel at a time, shows the vector under it.
  const published = await openPublished(directory);
  const cases = [4, 9, 30].map((length) => ({
    ids: Array.from({ length }, (_, i) => 4 + ((i * 7) % 40)),
    types: new Array<number>(length).fill(0),
  }));
  const identity = new Float32Array(16 * 16).map((_, i) => (i % 17 === 0 ? 1e-3 : 0));
  const vectors: number[][] = cases.map(() => []);
  for (let channel = 0; channel < 16; channel += 1) {
    const given: Record<string, Float32Array> = {
      'bert.pooler.dense.weight': identity,
      'bert.pooler.dense.bias': new Float32Array(16),
      'classifier.weight': new Float32Array(16).map((_, i) => (i === channel ? 1e3 : 0)),
      'classifier.bias': new Float32Array(1),
    };
    const read = (name: string): Float32Array => given[name] ?? published.weights(name);
    const found = await logits(
      await open(graphOf(published.architecture, read, { precision: 'fp32', tokenTypes: false })),
      cases,
    );
    found.forEach((logit, i) => vectors[i]!.push(logit));
  }
  published.close();

  const bare = [...weights].filter(([name]) => name.startsWith('bert.') && !name.includes('pooler'));
  await writeSafetensors(
    path.join(directory, 'model.safetensors'),
    new Map(bare.map(([name, tensor]) => [name.slice('bert.'.length), tensor])),
  );
  const config = JSON.parse(await readFile(path.join(directory, 'config.json'), 'utf8')) as object;
  const encoderConfig = { ...config, architectures: ['JinaBertForMaskedLM'] };
  await writeFile(path.join(directory, 'config.json'), JSON.stringify(encoderConfig));
  await writeFile(path.join(directory, 'sentence_bert_config.json'), '{"max_seq_length": 8192}');
  await cls(directory);
  const { model, maxLength } = await openSentenceEncoder(directory);
  expect(maxLength).toBe(8192);
  if (!('graph' in model)) throw new Error('a graph is wanted');
  const session = await open(model.graph.toModel());
  for (const [i, one] of cases.entries()) {
    const embedding = await logits(session, [one]);
    embedding.forEach((value, k) => expect(Math.abs(value - vectors[i]![k]!)).toBeLessThan(1e-3));
  }
});

const cls = (where: string): Promise<void> =>
  cp(path.join(fixtures, 'bert-cls', '1_Pooling'), path.join(where, '1_Pooling'), { recursive: true });

it.each<[string, string, string, string]>([
  [
    '1_Pooling/config.json',
    '{"pooling_mode_max_tokens": true}',
    'structure_unsupported',
    'pools by max_tokens',
  ],
  [
    '1_Pooling/config.json',
    '{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}',
    'structure_unsupported',
    'pools by mean_tokens and cls_token',
  ],
  [
    '1_Pooling/config.json',
    '{"pooling_mode": "cls", "include_prompt": false}',
    'structure_unsupported',
    'leaves its prompts out',
  ],
  [
    'modules.json',
    '[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]',
    'structure_unsupported',
    'has a module sentence_transformers.models.Dense',
  ],
  ['modules.json', '{', 'config_invalid', 'modules.json is not JSON'],
  ['config_sentence_transformers.json', '{"prompts": 3}', 'config_invalid', 'prompts'],
  ['tokenizer.json', '{}', 'tokenizer_invalid', 'is not a tokenizer.json'],
  ['model.safetensors', 'x', 'model_invalid', 'model.safetensors'],
  ['config.json', '{"model_type": "qwen3"}', 'structure_unsupported', '"qwen3" is a decoder'],
])('refuses an encoder whose %s holds %s', async (file, content, code, message) => {
  await cp(path.join(fixtures, 'bert-cls'), directory, { recursive: true });
  await writeFile(path.join(directory, file), content);
  await expect(SentenceEncoder.open(directory, { threads: 1 })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

it('reads older flags, a byte order mark, and the mean where no file says anything', async () => {
  await cp(path.join(fixtures, 'bert-cls'), directory, { recursive: true });
  await writeFile(path.join(directory, '1_Pooling/config.json'), '\uFEFF{"pooling_mode_cls_token": true}');
  expect((await openSentenceEncoder(directory)).settings.pooling).toBe('cls');
  for (const file of ['1_Pooling', 'modules.json', 'config_sentence_transformers.json']) {
    await rm(path.join(directory, file), { recursive: true });
  }
  expect((await openSentenceEncoder(directory)).settings).toMatchObject({
    pooling: 'mean',
    queryPrefix: '',
    documentPrefix: '',
  });
});

it('refuses a reranker by what it gives', async () => {
  await expect(SentenceEncoder.open(embeddedModelDirectory(), { threads: 1 })).rejects.toMatchObject({
    code: 'structure_unsupported',
    message: expect.stringContaining('no sentence encoder'),
  });
});

it('goes on with a file of vectors where it was cut off', async () => {
  const encoder = await SentenceEncoder.open(path.join(fixtures, 'bert-cls'), { threads: 1 });
  const texts = Array.from({ length: 2500 }, (_, i) => `text ${i % 50}`);
  const whole = await encodeToFile(encoder, path.join(directory, 'whole.f32'), texts, 'document');
  expect(whole.all).toHaveLength(2500 * whole.width);
  const bytes = await readFile(path.join(directory, 'whole.f32'));
  const file = path.join(directory, 'part.f32');
  await writeFile(file, bytes.subarray(0, 600 * 4 * whole.width + 3));
  const asked: number[] = [];
  const counting = {
    encode: (some: readonly string[], role: 'query' | 'document') => {
      asked.push(some.length);
      return encoder.encode(some, role);
    },
  };
  const rest = await encodeToFile(counting, file, texts, 'document');
  expect(rest.all).toEqual(whole.all);
  // One text tells the width; whole chunks are kept.
  expect(asked).toEqual([1, 512, 512, 512, 2500 - 4 * 512]);
  await encoder.close();
});
