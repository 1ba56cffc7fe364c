import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RerankResponseBody } from '../../client/src/wire.js';
import type { Architecture } from '@sagemaker-reranker/models';
import { bertForward } from '../support/bert-oracle.js';
import { reranker } from '../support/cli.js';
import { exportLike, type ExportVariant } from '../support/exported.js';
import { forward } from '../support/oracle.js';
import { publishedConfig, publishedWeights, type Weights } from '../support/published.js';
import { bpeTokenizer, wordPieceTokenizer } from '../support/tokenizers.js';
import { spawnContainer, startContainer, stopContainers, type ContainerProcess } from './support/process.js';

const { abs, max } = Math;
const jina: Architecture = { layers: 2, hidden: 24, heads: 3, intermediate: 20, vocabulary: 60 };
const bert: Architecture = { structure: 'bert', ...jina, vocabulary: 90, positions: 40 };
/** XLM-R's table: positions start behind the padding id 1. */
const roberta: Architecture = { ...bert, positions: 42 };

const written: string[] = [];
afterAll(async () => {
  await stopContainers();
  await Promise.all(written.map((directory) => rm(directory, { recursive: true, force: true })));
});

interface Export {
  readonly a: Architecture;
  readonly weights?: Weights;
  readonly variant?: ExportVariant;
  readonly config?: Record<string, unknown>;
  readonly tokenizer?: object;
  /** Path of the ONNX file. */
  readonly model?: string;
}

/** The files of a hub repository and nothing else. */
async function bareDirectory(given: Export): Promise<string> {
  const { a, weights = publishedWeights(a, 3), variant, config, model = 'onnx/model.onnx' } = given;
  const { tokenizer = 'structure' in a ? wordPieceTokenizer : bpeTokenizer } = given;
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-export-'));
  written.push(directory);
  const file = path.join(directory, model);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, exportLike(a, weights, 'biases', variant));
  await writeFile(path.join(directory, 'config.json'), JSON.stringify({ ...publishedConfig(a), ...config }));
  await writeFile(path.join(directory, 'tokenizer.json'), JSON.stringify(tokenizer));
  return directory;
}

/** Unigram, as XLM-R has it: one piece a letter and a pair of type 0 throughout. */
const unigramTokenizer = {
  ...bpeTokenizer,
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [
      { SpecialToken: { id: '<s>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '</s>', type_id: 0 } },
      { SpecialToken: { id: '</s>', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 0 } },
      { SpecialToken: { id: '</s>', type_id: 0 } },
    ],
    special_tokens: {
      '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
      '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
    },
  },
  model: {
    type: 'Unigram',
    unk_id: 3,
    vocab: Object.entries(bpeTokenizer.model.vocab)
      .sort(([, a], [, b]) => a - b)
      .map(([piece]) => [piece, -1]),
  },
};

/** Ids of a text of letters apart, by a tokenizer with a token a letter. */
const idsOf = (text: string, vocab: Record<string, number>): number[] =>
  text.split(' ').map((letter) => vocab[letter]!);

async function logitsOf(container: ContainerProcess, documents: readonly string[]): Promise<number[]> {
  const answer = await container.rerank({ query: 'q r', documents, raw_scores: true });
  expect(answer.status).toBe(200);
  const { results } = answer.json as RerankResponseBody;
  return [...results].sort((a, b) => a.index - b.index).map(({ relevance_score }) => relevance_score);
}

const documents = ['a', 'f o x', 'd e n . x y z'];

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found.reduce((most, logit, i) => max(most, abs(logit - wanted[i]!)), 0)).toBeLessThan(1e-4);
}

describe('a hub export without a manifest', () => {
  it('of a JinaBERT is served, in any length its positions allow', async () => {
    const weights = publishedWeights(jina, 3);
    const container = await startContainer(await bareDirectory({ a: jina, weights }));
    const { vocab } = bpeTokenizer.model;
    const wanted = documents.map((document) => {
      const ids = [0, ...idsOf('q r', vocab), 2, 2, ...idsOf(document, vocab), 2];
      return forward(
        jina,
        (name) => weights.get(name)!.data,
        ids,
        ids.map(() => 0),
      );
    });
    expectClose(await logitsOf(container, documents), wanted);
    expect(await container.logged('ready')).toMatchObject({ precision: 'unknown', maxTokens: 8192 });
    const { choices } = await container.logged('exported model');
    expect(choices).toEqual([
      expect.stringMatching(/^no manifest\.json/),
      expect.stringMatching(/^the model is onnx\/model\.onnx; its precision is not declared/),
      expect.stringMatching(/^pairs have up to 8192 tokens: max_position_embeddings with "alibi"/),
      expect.stringMatching(/^the pair template is the one of tokenizer\.json's.*types are not/),
    ]);
    expect(await container.logged('ready')).not.toHaveProperty('parameters');
  });

  it('is found among the files that macOS leaves beside its own', async () => {
    const directory = await bareDirectory({ a: bert });
    const left = [
      'onnx/._model.onnx',
      'onnx/._model_quantized.onnx',
      '._tokenizer.json',
      '._config.json',
      '._manifest.json',
    ];
    for (const name of left) await writeFile(path.join(directory, name), '\0\x05\x16\x07AppleDouble');
    const container = await startContainer(directory);
    expect(await logitsOf(container, documents)).toHaveLength(documents.length);
    const { choices } = await container.logged('exported model');
    expect(JSON.stringify(choices)).not.toMatch(/\._|unused/);
  });

  it('of a BERT is fed its token types, and cut to its position table', async () => {
    const weights = publishedWeights(bert, 3);
    const directory = await bareDirectory({ a: bert, weights, model: 'model.onnx' });
    await writeFile(path.join(directory, 'tokenizer_config.json'), '{"model_max_length": 1e30}');
    const container = await startContainer(directory);
    const { vocab } = wordPieceTokenizer.model;
    const wanted = documents.map((document) => {
      const query = [2, ...idsOf('q r', vocab), 3];
      const rest = [...idsOf(document, vocab), 3];
      const types = [...query.map(() => 0), ...rest.map(() => 1)];
      return bertForward(bert, (name) => weights.get(name)!.data, [...query, ...rest], types);
    });
    expectClose(await logitsOf(container, documents), wanted);
    expect(await container.logged('ready')).toMatchObject({ maxTokens: 40 });
    const long = Array(200).fill('a').join(' ');
    expect(await logitsOf(container, [long])).toEqual(await logitsOf(container, [`${long} b`]));
  });

  it('of an XLM-R is served without token types and with its positions behind the padding', async () => {
    const weights = publishedWeights(roberta, 3);
    const directory = await bareDirectory({
      a: roberta,
      weights,
      variant: { positionsBehind: 1, classes: 'classes' },
      config: { model_type: 'xlm-roberta', pad_token_id: 1, type_vocab_size: 1, id2label: { 0: 'LABEL_0' } },
      tokenizer: unigramTokenizer,
    });
    const container = await startContainer(directory);
    const { vocab } = bpeTokenizer.model;
    const { hidden } = roberta;
    const read = (name: string) => {
      const { data } = weights.get(name)!;
      return name.includes('position_embeddings') ? data.subarray(2 * hidden) : data;
    };
    const wanted = documents.map((document) => {
      const ids = [0, ...idsOf('q r', vocab), 2, 2, ...idsOf(document, vocab), 2];
      return bertForward(
        roberta,
        read,
        ids,
        ids.map(() => 0),
      );
    });
    expectClose(await logitsOf(container, documents), wanted);
    expect(await container.logged('ready')).toMatchObject({ maxTokens: 40 });
    // The last position there is: one more would lie outside the table.
    expect(await logitsOf(container, [Array(99).fill('a').join(' ')])).toHaveLength(1);
  });

  it('is loaded by name on a multi-model endpoint', async () => {
    const container = spawnContainer(['serve', '--port', '0'], {
      SAGEMAKER_MULTI_MODEL: 'true',
      RERANKER_THREADS: '1',
    });
    await container.logged('ready');
    const load = { model_name: 'm', url: await bareDirectory({ a: bert }) };
    expect((await container.send('/models', { body: JSON.stringify(load) })).status).toBe(200);
    const body = JSON.stringify({ query: 'q', documents: ['a', 'b'] });
    expect((await container.send('/models/m/invoke', { body })).status).toBe(200);
    const unusable = { model_name: 'n', url: await bareDirectory({ a: bert, variant: { classes: 2 } }) };
    const refused = await container.send('/models', { body: JSON.stringify(unusable) });
    expect(refused.status).toBe(422);
    expect(refused.json).toMatchObject({
      error: { code: 'model_unusable', details: { reason: 'head_unsupported' } },
    });
  });

  it('is what `models info`, `rerank --model` and `tune --model` take too', async () => {
    const directory = await bareDirectory({ a: bert });
    const info = await reranker(['models', 'info', directory]);
    expect(JSON.parse(info.stdout)).toMatchObject({
      model: 'onnx/model.onnx',
      precision: 'unknown',
      max_length: 40,
      inputs: { input_ids: 'input_ids', attention_mask: 'attention_mask', token_type_ids: 'token_type_ids' },
      output: 'logits',
    });
    const ranking = await reranker(['rerank', '--model', directory, '--query', 'fox', '--json'], 'a\nfox\n');
    expect(ranking.stderr).toBe('');
    expect((JSON.parse(ranking.stdout) as { results: unknown[] }).results).toHaveLength(2);
    const tuned = await reranker(['tune', '--model', directory, '--seconds', '0.01', '--json']);
    expect(tuned.stderr).toBe('');
    expect(JSON.parse(tuned.stdout)).toHaveProperty('environment.RERANKER_BATCH_TOKENS');
  });
});

describe('a model that is no reranker', () => {
  async function refusal(directory: string): Promise<string> {
    const container = spawnContainer(['serve', '--port', '0', '--model', directory]);
    expect(await container.exited).toBe(2);
    return container.stderr;
  }

  it('is refused with the reason and what to do where its graph declares two classes', async () => {
    const message = await refusal(await bareDirectory({ a: bert, variant: { classes: 2 } }));
    expect(message).toMatch(
      /^reranker: \S+model\.onnx: output logits has 2 classes a pair; a reranker has one/,
    );
    expect(message).toMatch(/num_labels 1; of two classes under a softmax, the difference/);
  });

  it('is refused where the graph leaves it open and config.json declares them', async () => {
    const id2label = { 0: 'contradiction', 1: 'entailment', 2: 'neutral' };
    const message = await refusal(
      await bareDirectory({ a: bert, variant: { classes: 'labels' }, config: { id2label } }),
    );
    expect(message).toMatch(/^reranker: \S+config\.json declares 3 classes a pair; a reranker has one/);
  });

  it('is refused where only a trial shows it', async () => {
    const weights = publishedWeights(bert, 3);
    const { data } = weights.get('classifier.weight')!;
    weights.set('classifier.weight', { shape: [2, bert.hidden], data: Float32Array.of(...data, ...data) });
    weights.set('classifier.bias', { shape: [2], data: new Float32Array(2) });
    const message = await refusal(await bareDirectory({ a: bert, weights, variant: { classes: 'labels' } }));
    expect(message).toMatch(/model\.onnx cannot be loaded: output logits is float32 \[2, 2\] for 2 pairs/);
  });

  it('is refused where a file is missing or cut off, by its name', async () => {
    const directory = await bareDirectory({ a: bert });
    const file = path.join(directory, 'onnx/model.onnx');
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 100));
    expect(await refusal(directory)).toMatch(/^reranker: \S+model\.onnx is truncated or not an ONNX file: /);
    await rm(path.join(directory, 'tokenizer.json'));
    await writeFile(file, bytes);
    expect(await refusal(directory)).toMatch(/^reranker: \S+tokenizer\.json cannot be read/);
    await rm(file);
    expect(await refusal(directory)).toMatch(
      /holds neither manifest\.json nor model\.onnx.*`reranker models build`/,
    );
  });
});
