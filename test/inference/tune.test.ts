/** @jest-environment ./test/support/environment.js */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from '@sagemaker-reranker/models';
import { buildTuned } from '../../inference/src/tune/build.js';
import { equalize } from '../../inference/src/tune/equalize.js';
import { packagedSamples, readSamples } from '../../inference/src/tune/samples.js';
import { openPublished } from '../../models/src/directory/build.js';
import { buildGraph } from '../../models/src/directory/directory.js';
import { type Equalization, activationsOf } from '../../models/src/encoder/quantization.js';
import { Random } from '../../models/src/common/random.js';
import { logits, open } from '../support/onnx.js';
import { halfSafetensors, publishedWeights, smallBert, writePublished } from '../support/published.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tune-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('texts of the user', () => {
  const write = async (content: string): Promise<string> => {
    const file = path.join(directory, 'samples.jsonl');
    await writeFile(file, content);
    return file;
  };

  it('are read with a byte order mark and empty lines', async () => {
    const group = { query: 'q', documents: ['a', 'b'] };
    const file = await write(`\uFEFF${JSON.stringify(group)}\n\n${JSON.stringify(group)}\n`);
    expect(await readSamples(file)).toEqual([group, group]);
  });

  it.each([
    ['', /:1: the file is empty/],
    [
      '{"query": "q", "documents": ["a"]}\n',
      /:1: must be \{"query": text, "documents": \[two texts or more\]\}/,
    ],
    ['{"query": "q", "documents": ["a", "b"]}\nno JSON\n', /:2: must be/],
    ['{"query": "", "documents": ["a", "b"]}\n', /:1: must be/],
  ])('are refused with file and line: %j', async (content, message) => {
    const file = await write(content);
    await expect(readSamples(file)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are refused where there is no file, by its name', async () => {
    const file = path.join(directory, 'none.jsonl');
    await expect(readSamples(file)).rejects.toMatchObject({ code: 'config_invalid', file });
  });

  it('have a default: every query of the package with every document', () => {
    const samples = packagedSamples();
    expect(samples.map(({ documents }) => documents.length)).toEqual(samples.map(() => 16));
  });
});

describe('equalization', () => {
  const width = 16;
  const facts = {
    name: 'layer.0.mlp_input',
    place: 'mlp_input',
    width,
    readers: [{ weight: 'w', out: 24, from: 0 }],
    oneSided: false,
    equalizes: 'scale and shift',
  } as const;
  const random = new Random(3);
  const weight = random.array(24 * width, 0.1);
  /** Rows whose channel 5 is `times` as large as the others and lies around `middle`. */
  const sampleOf = (times: number, middle = 0) => {
    const rows = Array.from({ length: 60 }, () =>
      random.array(width, 1).map((x, i) => (i === 5 ? x * times + middle : x)),
    );
    const over = (f: (...values: number[]) => number): Float32Array =>
      new Float32Array(width).map((_, i) => f(...rows.map((row) => row[i]!)));
    return { rows, least: over(Math.min), most: over(Math.max) };
  };
  /** Error of the product when activations and weights are rounded to 255 steps, over all rows. */
  const errorOf = (rows: readonly Float32Array[], { scale, shift }: Partial<Equalization>): number => {
    const round = (values: readonly number[]): number[] => {
      const step = Math.max(...values.map(Math.abs)) / 127;
      return values.map((value) => Math.round(value / step) * step);
    };
    const w = Array.from({ length: 24 }, (_, o) =>
      Array.from({ length: width }, (_, i) => weight[o * width + i]! * (scale?.[i] ?? 1)),
    );
    const rounded = w.map(round);
    let sum = 0;
    for (const row of rows) {
      const x = Array.from(row, (value, i) => (value - (shift?.[i] ?? 0)) / (scale?.[i] ?? 1));
      const q = round(x);
      w.forEach((exact, o) => {
        const off = exact.reduce((total, value, i) => total + value * x[i]! - rounded[o]![i]! * q[i]!, 0);
        sum += off * off;
      });
    }
    return sum;
  };

  it('makes the error of a product with a large channel several times less', () => {
    const sample = sampleOf(40);
    const found = equalize(facts, sample, () => weight)!;
    expect(errorOf(sample.rows, found)).toBeLessThan(0.3 * errorOf(sample.rows, {}));
  });

  it('shifts a channel that lies far from 0, where a shift is cheap', () => {
    const sample = sampleOf(1, 30);
    const found = equalize(facts, sample, () => weight)!;
    expect(found.shift![5]).toBeCloseTo((sample.most[5]! + sample.least[5]!) / 2, 4);
    expect(errorOf(sample.rows, found)).toBeLessThan(0.1 * errorOf(sample.rows, {}));
    expect(equalize({ ...facts, equalizes: 'scale' }, sample, () => weight)!.shift).toBeUndefined();
  });

  it('leaves alone what gains nothing or cannot be equalized', () => {
    expect(equalize({ ...facts, equalizes: 'not' }, sampleOf(40), () => weight)).toBeUndefined();
  });
});

const fixtures = path.join(__dirname, '../fixtures/structures');
it.each(readdirSync(fixtures).filter((name) => !name.includes('.')))(
  'equalization changes nothing of what %s computes',
  async (name) => {
    const cases = JSON.parse(readFileSync(path.join(fixtures, name, 'cases.json'), 'utf8')) as {
      ids: number[];
      types: number[];
      logit: number;
    }[];
    const { architecture, weights, spec, close } = await openPublished(path.join(fixtures, name));
    const random = new Random(11);
    const activations = activationsOf(spec);
    const equalization = new Map(
      activations
        .filter(({ equalizes }) => equalizes !== 'not')
        .map(({ name: activation, width, equalizes }): [string, Equalization] => [
          activation,
          {
            scale: random.array(width, 0.3, 1).map((x) => Math.abs(x) + 0.3),
            shift: equalizes === 'scale and shift' ? random.array(width, 0.5) : undefined,
          },
        ]),
    );
    const forms = Object.fromEntries(activations.map((one) => [one.name, 'fp32' as const]));
    const graph = buildGraph(
      { architecture, weights, precision: 'int8', embeddings: 'fp32', quantization: { equalization, forms } },
      cases.some(({ types }) => types.includes(1)),
    );
    close();
    const found = await logits(await open(graph.toModel()), cases);
    // The rows that the head reads alone have 8-bit weights.
    cases.forEach(({ logit }, i) => expect(Math.abs(found[i]! - logit)).toBeLessThan(0.05));
  },
);

describe('a tuned build', () => {
  const samples = packagedSamples()
    .slice(0, 3)
    .map(({ query, documents }) => ({ query, documents: documents.slice(0, 4) }));

  it('tries every activation, tells what it chose, and keeps the ranking of its samples', async () => {
    const source = path.join(directory, 'source');
    await writePublished(source, smallBert);
    const weights = publishedWeights(smallBert, 5);
    // A channel as large as trained models have them: the norm before the MLP of layer 0 makes it.
    weights.get('bert.encoder.layer.0.attention.output.LayerNorm.weight')!.data[7] = 40;
    await writeFile(path.join(source, 'model.safetensors'), halfSafetensors(weights, 'BF16'));
    const build = { directory: source, samples, precision: 'int8' as const };
    const tried: [number, number][] = [];
    const onProgress = (done: number, total: number): void => void tried.push([done, total]);
    const tuned = await buildTuned({ ...build, out: path.join(directory, 'tuned'), onProgress });
    // Four of the first layer; of the last, whose other rows nobody reads, keys and values.
    expect(tried).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]));
    const manifest = await readManifest(path.join(directory, 'tuned'));
    expect(manifest).toMatchObject({ precision: 'int8', quantization: { equalized: true } });
    expect(Object.keys(manifest.quantization!.forms)).toEqual(expect.arrayContaining(['layer.0.mlp_output']));
    expect(tuned.comparison!.kendallTau).toBeGreaterThan(0.8);
    expect(tuned.comparison!.rmsError / tuned.comparison!.deviation).toBeLessThan(0.1);
    expect(tuned.reason).toBeUndefined();
  });

  it('is not compared where nobody asks', async () => {
    const source = path.join(directory, 'source');
    await writePublished(source, smallBert);
    await writeFile(
      path.join(source, 'model.safetensors'),
      halfSafetensors(publishedWeights(smallBert, 5), 'BF16'),
    );
    const out = path.join(directory, 'out');
    const { comparison, manifest } = await buildTuned({
      directory: source,
      out,
      samples,
      precision: 'int8-weights',
      compare: false,
    });
    expect(comparison).toBeUndefined();
    expect(manifest.precision).toBe('int8-weights');
  });
});
