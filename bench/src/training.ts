import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSession, tensor, type Tensor } from '@sagemaker-reranker/inference/runtime';
import {
  type Architecture,
  Random,
  embeddedModelDirectory,
  readTokenizer,
  robertaPair,
} from '@sagemaker-reranker/models';
import { DataType, Graph, MICROSOFT } from '@sagemaker-reranker/models/build';
import {
  EncodedGroups,
  type Recipe,
  Trainer,
  assemble,
  initialStudent,
  readRecipe,
  sampleStep,
} from '@sagemaker-reranker/distillation';
import { median, medianRatio, sideBySide } from './side-by-side.js';
import type { Suite } from './suite.js';

const THREADS = 2;
const ROUNDS = 9;
const DOCUMENTS = 600;
/** Pairs whose products are timed together: what the matrix rate is highest at, neither one pair nor a whole step. */
const PAIRS = 32;

export const training: Suite = {
  summary: 'training step of the embedded recipe against its bare matrix products; about 1 minute',
  async run(report, note) {
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-training-'));
    try {
      const { trainer, recipe, lengths } = await open(directory);
      const products = await bareProducts(recipe.architecture, lengths(1));
      let step = 0;
      let tokens: number[] = [];
      const times = await sideBySide(
        {
          step: async () => tokens.push((await trainer.step(++step)).tokens),
          products: () => products.run(),
        },
        ROUNDS,
      );
      tokens = tokens.slice(-ROUNDS);
      const work = Array.from({ length: ROUNDS }, (_, i) => flop(recipe.architecture, lengths(i + 2)));
      const rates = times.step.map((ms, i) => work[i]! / ms / 1e6);
      const matrix = times.products.map((ms) => products.flop / ms / 1e6);
      note(
        `${recipe.groupsPerStep} groups of ${1 + recipe.negatives} pairs, ${tokens[0]} tokens without padding`,
      );
      report({
        name: 'training: tokens',
        value: median(times.step.map((ms, i) => (1000 * tokens[i]!) / ms)),
        unit: 'tokens/s',
      });
      report({
        name: 'training: matrix products of a step over its time',
        value: median(rates),
        unit: 'GFLOP/s',
      });
      report({ name: 'bare matrix products of the same shapes', value: median(matrix), unit: 'GFLOP/s' });
      report({
        name: 'training over the fp32 matrix rate',
        value: medianRatio(rates, matrix),
        unit: 'x',
        target: { atLeast: 0.4 },
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** A trainer of the embedded model's recipe over documents of random words, 10 to 120 of them. */
async function open(directory: string) {
  const tokenizerFile = path.join(embeddedModelDirectory(), 'tokenizer.json');
  const recipe: Recipe = await readRecipe(path.join(embeddedModelDirectory(), 'recipe.json'));
  await writeCollection(directory);
  const files = {
    groups: path.join(directory, 'groups.jsonl'),
    documents: path.join(directory, 'documents.jsonl'),
  };
  const groups = await EncodedGroups.load([files], tokenizerFile);
  const template = robertaPair(
    await readTokenizer(tokenizerFile, recipe.architecture.vocabulary),
    recipe.documentType,
  );
  const trainer = await Trainer.create(recipe, groups, template, initialStudent(recipe), THREADS);
  const lengths = (step: number): number[] =>
    sampleStep(groups, recipe, step).flatMap(({ query, documents }) =>
      documents.map((document) => assemble(template, query, document, recipe.trainingTokens).ids.length),
    );
  return { trainer, recipe, lengths };
}

async function writeCollection(directory: string): Promise<void> {
  const random = new Random(7);
  const consonants = 'bdfgklmnprst';
  const vocabulary = Array.from({ length: 4000 }, () =>
    Array.from(
      { length: 1 + random.below(3) },
      () => consonants[random.below(12)]! + 'aeiou'[random.below(5)]!,
    ).join(''),
  );
  const words = (count: number): string =>
    Array.from({ length: count }, () => vocabulary[random.below(vocabulary.length)]!).join(' ');
  const lines = (values: readonly object[]): string =>
    values.map((value) => `${JSON.stringify(value)}\n`).join('');
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => ({
    id: String(i),
    title: words(4),
    text: words(10 + random.below(111)),
  }));
  const others = (count: number): number[] =>
    Array.from({ length: count }, () => 3 * random.below(DOCUMENTS));
  const groups = documents.map((_, i) => ({
    query: words(6),
    positive: 3 * i,
    hard: others(6),
    random: others(6),
    teacher: Array.from({ length: 13 }, () => 2 * random.next() - 1),
  }));
  await writeFile(path.join(directory, 'documents.jsonl'), lines(documents));
  await writeFile(path.join(directory, 'groups.jsonl'), lines(groups));
}

/** A product's rows, inner and outer size; backward takes two more of the same cost. */
type Shape = readonly [rows: number, inner: number, columns: number];

/** The products of the linear layers, forward: in the last layer keys and values for all rows, the rest for one a pair. */
function linearShapes(
  { layers, hidden: h, intermediate }: Architecture,
  tokens: number,
  pairs: number,
): Shape[] {
  const all: Shape[] = [];
  for (let i = 0; i < layers; i++) {
    const rows = i === layers - 1 ? pairs : tokens;
    all.push(
      ...(rows === tokens
        ? [[tokens, h, 3 * h] as const]
        : [[tokens, h, 2 * h] as const, [pairs, h, h] as const]),
    );
    all.push([rows, h, h], [rows, h, 2 * intermediate], [rows, intermediate, h]);
  }
  return [...all, [pairs, h, h], [pairs, h, 1]];
}

/**
 * Floating point operations of a step's matrix products, forward and backward, for pairs of the lengths given: two a
 * multiplication and addition, without any for padding.
 */
function flop(a: Architecture, lengths: readonly number[]): number {
  const tokens = lengths.reduce((sum, n) => sum + n, 0);
  const linear = linearShapes(a, tokens, lengths.length).reduce((sum, [n, m, d]) => sum + n * m * d, 0);
  // Scores and weighted values: every row against every other, in the last layer the first row alone.
  const attention = lengths.reduce((sum, n) => sum + 2 * a.hidden * ((a.layers - 1) * n * n + n), 0);
  return 3 * 2 * (linear + attention);
}

/** The products of a step and nothing else, forward and both of backward, in ONNX Runtime, `PAIRS` pairs at a time. */
async function bareProducts(a: Architecture, lengths: readonly number[]) {
  const g = new Graph('products');
  const feeds: Record<string, Tensor> = {};
  const random = new Random(3);
  const input = (name: string, dims: readonly number[]): string => {
    const length = dims.reduce((product, n) => product * n, 1);
    feeds[name] ??= tensor('float32', random.array(length, 1), dims);
    return g.input(name, DataType.FLOAT, dims);
  };
  const shapes: string[] = [];
  const product = (type: string, x: string, y: string, flags: Record<string, number>): void => {
    shapes.push(g.op('Shape', [g.op(type, [x, y], flags, type === 'Gemm' ? '' : MICROSOFT)]));
  };
  const mean = Math.round(lengths.reduce((sum, n) => sum + n, 0) / lengths.length);
  const some = Array.from({ length: PAIRS }, () => mean);
  linearShapes(a, PAIRS * mean, PAIRS).forEach(([rows, inner, columns], i) => {
    const x = input(`x${i}`, [rows, inner]);
    const weight = input(`weight${i}`, [columns, inner]);
    const dy = input(`dy${i}`, [rows, columns]);
    product('Gemm', x, weight, { transB: 1 });
    product('Gemm', dy, weight, {});
    product('Gemm', dy, x, { transA: 1 });
  });
  for (let i = 0; i < a.layers; i++) {
    const rows = i === a.layers - 1 ? 1 : mean;
    const head = [PAIRS, a.heads] as const;
    const q = input(`q${i}`, [...head, rows, a.hidden / a.heads]);
    const k = input(`k${i}`, [...head, mean, a.hidden / a.heads]);
    const weights = input(`weights${i}`, [...head, rows, mean]);
    for (let times = 0; times < 2; times++) {
      product('FusedMatMul', q, k, { transB: 1 });
      product('FusedMatMul', weights, k, {});
      product('FusedMatMul', weights, q, { transA: 1 });
    }
  }
  g.output(g.ops('Concat', shapes, ['shapes'], { axis: 0 })[0]!, DataType.INT64, ['numbers']);
  const session = await openSession(g.toModel(), {
    intraOpNumThreads: THREADS,
    // Nothing is rewritten: two equal products would be done once.
    graphOptimizationLevel: 'disabled',
  });
  const runs = Math.ceil(lengths.length / PAIRS);
  return {
    flop: runs * flop(a, some),
    run: async (): Promise<void> => {
      for (let i = 0; i < runs; i++) await session.run(feeds);
    },
  };
}
