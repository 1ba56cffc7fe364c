import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Architecture,
  directoryFigures,
  operationsPerToken,
  variantFigures,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(path.join(tmpdir(), 'figures-'))));
afterAll(() => rm(directory, { recursive: true }));

const SIZES = { layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 28_000, positions: 128 };
const STRUCTURES: readonly Architecture[] = [
  { ...SIZES, structure: 'bert' },
  { ...SIZES, structure: 'roberta', offset: 2 },
  { ...SIZES, structure: 'electra', embedding: 16 },
  { ...SIZES, structure: 'distilbert' },
  { ...SIZES, structure: 'jinabert' },
];

test.each(STRUCTURES)('the figures of a $structure follow from its directory', async (architecture) => {
  const out = path.join(directory, architecture.structure!);
  const manifest = await synthesizeModel({
    model: architecture,
    seed: 1,
    precision: 'int8',
    maxLength: 96,
    out,
  });
  const [graph] = manifest.files.filter(({ path: file }) => file.endsWith('.onnx'));
  expect(await directoryFigures(out)).toMatchObject({
    name: 'custom-synthesized',
    variant: undefined,
    precision: 'int8',
    architecture,
    weightsBytes: graph!.bytes,
    maxLength: 96,
  });
});

test('int8 products take a quarter of the bytes of fp32, tables stay', () => {
  const { weightsBytes: int8, architecture } = variantFigures('bge-base', 'int8');
  const { weightsBytes: fp32 } = variantFigures('bge-base', 'fp32');
  const { layers, hidden, intermediate } = architecture;
  const products = layers * (4 * hidden ** 2 + 2 * hidden * intermediate);
  expect((fp32 - int8) / (3 * products)).toBeCloseTo(1, 1);
});

test('an exported graph computes every row of every layer', () => {
  const { architecture } = variantFigures('jina-v2', 'fp32');
  const { products } = operationsPerToken(architecture, 100);
  expect(products).toBeGreaterThan(12 * (4 * 768 ** 2 + 2 * 768 * 3072));
});
