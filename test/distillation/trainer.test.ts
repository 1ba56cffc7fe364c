/** @jest-environment ./test/support/environment.js */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory, Random } from '@sagemaker-reranker/models';
import { names, weightShapes } from '@sagemaker-reranker/models/build';
import { Parameter, learningRateAt } from '../../distillation/src/adamw.js';
import { loadCheckpoint, saveCheckpoint } from '../../distillation/src/checkpoint.js';
import { distil, exportStudent } from '../../distillation/src/distil.js';
import { trainTokenizer } from '../../distillation/src/data/train-tokenizer.js';
import { initialStudent } from '../../distillation/src/initial.js';
import type { Recipe } from '../../distillation/src/recipe.js';
import { readRecipe } from '../../distillation/src/recipe.js';
import { logits, open } from '../support/onnx.js';
import { forward } from '../support/oracle.js';

const recipe: Recipe = {
  name: 'test',
  architecture: { layers: 2, hidden: 16, heads: 2, intermediate: 16, vocabulary: 28_000 },
  documentType: 1,
  seed: 3,
  trainingTokens: 24,
  maxLength: 128,
  steps: 60,
  groupsPerStep: 6,
  negatives: 3,
  hardShare: { start: 0, end: 0.5 },
  learningRate: 0.01,
  warmupSteps: 2,
  weightDecay: 0.01,
  clip: 1,
};
const tokenizerFile = path.join(embeddedModelDirectory(), 'tokenizer.json');
const words = 'engine database wing flour garden music lamp river glass paper'.split(' ');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'distil-'));
  const documents = words.map((word, i) => ({
    id: word,
    title: word,
    text: `this text tells of the ${word} and of ${words[(i + 1) % 10]}`,
  }));
  const groups = words.map((word, i) => ({
    query: word,
    positive: 3 * i,
    hard: [3 * ((i + 2) % 10)],
    random: [3 * ((i + 4) % 10), 3 * ((i + 6) % 10)],
  }));
  const lines = (values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  await writeFile(path.join(directory, 'documents.jsonl'), lines(documents));
  await writeFile(path.join(directory, 'groups.jsonl'), lines(groups));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (work: string, steps: number, checkpointEvery = 1000) =>
  distil({ recipe: { ...recipe, steps }, data: directory, tokenizerFile, work, threads: 1, checkpointEvery });
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);
const losses = async (work: string): Promise<number[]> => {
  const lines = (await readFile(path.join(work, 'log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
};

describe('distillation', () => {
  it('lowers the loss, and resumes from its checkpoint to the same curve', async () => {
    const whole = path.join(directory, 'whole');
    await run(whole, 60, 10);
    const expected = await losses(whole);
    expect(sum(expected.slice(-4))).toBeLessThan(0.8 * sum(expected.slice(0, 4)));

    // As after a kill at step 13: the checkpoint of step 10 is there, and the recipe's schedule is the same.
    const resumed = path.join(directory, 'resumed');
    const interrupted = { ...recipe, steps: 60 };
    const stop = new Error('killed');
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 13) throw stop;
    };
    const options = {
      recipe: interrupted,
      data: directory,
      tokenizerFile,
      work: resumed,
      threads: 1,
      checkpointEvery: 10,
    };
    await expect(distil({ ...options, reportEvery: 1, onProgress })).rejects.toBe(stop);
    await distil(options);
    const curve = await losses(resumed);
    expect(curve).toHaveLength(60);
    curve.forEach((loss, i) => expect(Math.abs(loss - expected[i])).toBeLessThan(1e-6));
  });

  it("makes a word table of an encoder's vectors, once, and resumes it to the same curve", async () => {
    const asked: string[][] = [];
    const encoder = {
      encode: (texts: readonly string[]) => {
        asked.push([...texts]);
        const random = new Random(9);
        return Promise.resolve(texts.map(() => random.array(24, 1)));
      },
    };
    // A vocabulary of these texts: words that training never shows are all equally rare.
    const vocabulary = 120;
    const own = path.join(directory, 'tokenizer.json');
    async function* texts(): AsyncGenerator<string> {
      yield await readFile(path.join(directory, 'documents.jsonl'), 'utf8');
    }
    await trainTokenizer(texts, own, { vocabulary, minimumCharacterCount: 1 });
    const small = { ...recipe, architecture: { ...recipe.architecture, vocabulary } };
    const options = { data: directory, tokenizerFile: own, threads: 1, words: encoder, checkpointEvery: 10 };
    const whole = path.join(directory, 'whole');
    const { student } = await distil({ ...options, recipe: small, work: whole });
    const expected = await losses(whole);
    expect(sum(expected.slice(-4))).toBeLessThan(0.8 * sum(expected.slice(0, 4)));
    expect([...student.keys()].sort()).toEqual([...weightShapes(small.architecture).keys()].sort());

    const work = path.join(directory, 'resumed');
    const control = new AbortController();
    const onProgress = (): void => control.abort();
    const cut = { ...options, recipe: small, work, reportEvery: 13, onProgress, signal: control.signal };
    await expect(distil(cut)).rejects.toMatchObject({ code: 'training_interrupted' });
    const again = await distil({ ...options, recipe: small, work });
    (await losses(work)).forEach((loss, i) => expect(Math.abs(loss - expected[i])).toBeLessThan(1e-6));
    expect(again.student.get(names.words)!.data).toEqual(student.get(names.words)!.data);
    expect(asked).toHaveLength(2);

    const free = distil({ ...options, recipe: small, work, words: undefined });
    await expect(free).rejects.toThrow(/is of another architecture: .*word_embeddings.* is missing/);
  }, 120_000);

  it('says that the disk is full, and keeps the last checkpoint', async () => {
    const work = path.join(directory, 'full');
    await run(work, 4, 2);
    const checkpoint = path.join(work, 'checkpoint.safetensors');
    const before = await readFile(checkpoint);
    // The device that is always full.
    await symlink('/dev/full', `${checkpoint}.part`);
    await expect(run(work, 6, 2)).rejects.toMatchObject({ code: 'disk_full', file: checkpoint });
    expect(before.equals(await readFile(checkpoint))).toBe(true);
    await run(work, 6, 2);
    expect(await losses(work)).toHaveLength(6);
  });

  it('stops on a signal with a checkpoint of the step at hand', async () => {
    const work = path.join(directory, 'stopped');
    const options = { recipe, data: directory, tokenizerFile, work, threads: 1, reportEvery: 1 };
    const control = new AbortController();
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 3) control.abort();
    };
    const stopped = distil({ ...options, onProgress, signal: control.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'training_interrupted' });
    expect((await loadCheckpoint(path.join(work, 'checkpoint.safetensors'))).step).toBe(3);
  });

  it('stops when the loss is not a number, the last good checkpoint kept', async () => {
    const work = path.join(directory, 'diverged');
    await run(work, 2);
    const file = path.join(work, 'checkpoint.safetensors');
    const { student } = await loadCheckpoint(file);
    student.get('classifier.bias')!.data[0] = Number.NaN;
    await saveCheckpoint(file, student, 2);
    const before = await readFile(file);
    await expect(run(work, 4)).rejects.toMatchObject({ code: 'training_diverged' });
    expect(before.equals(await readFile(file))).toBe(true);
  });

  it('refuses a checkpoint of another architecture', async () => {
    const work = path.join(directory, 'other');
    await run(work, 2);
    const other = { ...recipe, architecture: { ...recipe.architecture, hidden: 24 } };
    await expect(distil({ recipe: other, data: directory, tokenizerFile, work, threads: 1 })).rejects.toThrow(
      /is of another architecture: \S+ is \S+, the recipe wants/,
    );
  });

  it('judges groups that it did not learn from, before and after', async () => {
    const { aside } = await run(path.join(directory, 'work'), 30);
    const groups = (await readFile(path.join(directory, 'groups.jsonl'), 'utf8')).trim().split('\n').length;
    expect(aside!.groups).toBe(Math.floor(groups / 10));
    expect(aside!.end.loss).not.toBe(aside!.start.loss);
    const again = await run(path.join(directory, 'work'), 30);
    expect(again.aside).toEqual(aside);
  });

  it('exports a model directory that scores as the forward pass of the trained weights', async () => {
    const { student } = await run(path.join(directory, 'work'), 3);
    const out = path.join(directory, 'model');
    const manifest = await exportStudent(out, recipe, student, { precision: 'fp32', tokenizerFile });
    expect(manifest).toMatchObject({
      name: 'test',
      max_length: 128,
      inputs: { token_type_ids: 'token_type_ids' },
    });
    const ids = [0, 100, 101, 2, 2, 300, 301, 302, 2];
    const types = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    const [found] = await logits(await open(path.join(out, 'model.onnx')), [{ ids, types }]);
    const read = (name: string): Float32Array => student.get(name)!.data;
    expect(found).toBeCloseTo(forward(recipe.architecture, read, ids, types), 4);
  });

  it('keeps the products of a narrow student in float32, where integers would not be quicker', async () => {
    const exported = (architecture: Recipe['architecture'], name: string) => {
      const student = initialStudent({ architecture, seed: 1 });
      const out = path.join(directory, name);
      return exportStudent(out, { ...recipe, architecture }, student, { precision: 'int8', tokenizerFile });
    };
    const narrow = await exported(recipe.architecture, 'narrow');
    expect(new Set(Object.values(narrow.quantization!.forms))).toEqual(new Set(['fp32']));
    const wide = await exported({ ...recipe.architecture, hidden: 192, heads: 2 }, 'wide');
    expect(wide.quantization).toBeUndefined();
    // Those of the rows that the head reads too: a pair's logit does not move with the pairs beside it.
    for (const [name, integers] of [
      ['narrow', false],
      ['wide', true],
    ] as const) {
      const graph = await readFile(path.join(directory, name, 'model.onnx'));
      expect(graph.includes('MatMulInteger')).toBe(integers);
    }
  });
});

describe('a checkpoint', () => {
  it('keeps weights and moments', async () => {
    const file = path.join(directory, 'checkpoint.safetensors');
    const parameter = new Parameter([2], Float32Array.of(1, 2));
    parameter.update(
      Float32Array.of(0.5, -1),
      1,
      0.1,
      { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0 },
      1,
    );
    await saveCheckpoint(file, new Map([['a', parameter]]), 5);
    const { student, step } = await loadCheckpoint(file);
    expect(step).toBe(5);
    expect(student.get('a')).toEqual(parameter);
  });
});

describe('AdamW', () => {
  const settings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1 };

  it('moves by the learning rate against the sign of the first gradient, and decays matrices alone', () => {
    const matrix = new Parameter([1, 2], Float32Array.of(1, -1));
    matrix.update(Float32Array.of(3, -0.001), 1, 0.01, settings, 1);
    expect(matrix.data[0]).toBeCloseTo(1 * (1 - 0.01 * 0.1) - 0.01, 6);
    expect(matrix.data[1]).toBeCloseTo(-1 * (1 - 0.01 * 0.1) + 0.01, 5);
    const bias = new Parameter([1], Float32Array.of(1));
    bias.update(Float32Array.of(0), 1, 0.01, settings, 1);
    expect(bias.data[0]).toBe(1);
  });

  it('warms up linearly and falls as a cosine to zero', () => {
    const rate = (step: number): number => learningRateAt(step, 2, 10, 110);
    expect([rate(5), rate(10), rate(60), rate(110)]).toEqual(
      [1, 2, 1, 0].map((x) => expect.closeTo(x, 9) as number),
    );
  });
});

describe('a recipe', () => {
  it('is the one the embedded model was trained with', async () => {
    const embedded = await readRecipe(path.join(embeddedModelDirectory(), 'recipe.json'));
    expect(embedded).toMatchObject({ name: 'embedded', documentType: 1 });
  });

  it('is refused with every field that cannot be', async () => {
    const file = path.join(directory, 'recipe.json');
    await writeFile(
      file,
      JSON.stringify({ ...recipe, steps: 0, clip: 'x', hardShare: { start: 2, end: 0 } }),
    );
    await expect(readRecipe(file)).rejects.toThrow(/steps must be.*hardShare.start must be.*clip must be/);
    await writeFile(file, '{');
    await expect(readRecipe(file)).rejects.toMatchObject({ code: 'config_invalid', file });
  });
});
