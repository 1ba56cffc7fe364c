import { Option } from 'commander';
import {
  type Architecture,
  VARIANTS,
  VARIANT_IDS,
  type VariantId,
  loadedBytes,
  operationsPerToken,
  readModelDirectory,
  variantFigures,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import { table } from '../terminal/table.js';
import { wholeNumber } from '../options.js';
import { buildCommand } from './models-build.js';
import { distilCommand } from './models-distil.js';
import { fetchCommand } from './models-fetch.js';
import { gatherCommand } from './models-gather.js';
import { importCommand } from './models-import.js';
import { packageCommand } from './models-package.js';
import { verifyCommand } from './models-verify.js';
import { Command } from '../command.js';
import { json as toJson, print } from '../terminal/out.js';
import { wrapped } from '../terminal/text.js';

/** `reranker models`: what can be deployed, and model directories. */
export function modelsCommand(): Command {
  const models = new Command('models').description('List variants, look into model directories, make them.');
  models
    .command('list')
    .description('The variants this project knows.')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      print(json ? toJson(VARIANT_IDS.map(described)) : wrapped(variantTable()));
    });
  models
    .command('info')
    .description(
      'What the manifest of a model directory declares, or what is read off the files of a hub export; checks that they are there.',
    )
    .argument('<dir>', 'model directory, or a directory with model.onnx, tokenizer.json and config.json')
    .action(async (directory: string) => print(toJson(await readModelDirectory(directory))));
  models
    .command('synthesize')
    .description(
      'Write a full-size model directory with seeded random weights: for sizing and load tests, not for ranking.',
    )
    .addOption(new Option('--variant <id>', 'variant').choices(VARIANT_IDS).makeOptionMandatory())
    .option('--seed <number>', 'the same seed gives the same bytes', wholeNumber(0, 0xffffffff), 7)
    .addOption(
      new Option('--precision <precision>', 'of weights and products')
        .choices(['fp32', 'int8'])
        .default('fp32'),
    )
    .requiredOption('--out <dir>', 'directory to write; must not exist or be empty')
    .action(
      async (options: { variant: VariantId; seed: number; precision: 'fp32' | 'int8'; out: string }) => {
        const { variant, seed, precision, out } = options;
        const manifest = await synthesizeModel({ model: variant, seed, precision, out });
        const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
        print(`${out}: ${manifest.name}, ${manifest.parameters} parameters, ${precision}, ${bytes} bytes`);
      },
    );
  models.addCommand(fetchCommand());
  models.addCommand(buildCommand());
  models.addCommand(importCommand());
  models.addCommand(verifyCommand());
  models.addCommand(packageCommand());
  models.addCommand(gatherCommand());
  models.addCommand(distilCommand());
  return models;
}

/** Tokens of the pair by which work is compared. */
const PAIR_TOKENS = 128;

/** A variant with what it takes to run it, as far as that follows from its structure. */
function described(id: VariantId) {
  const variant = VARIANTS[id];
  const work = (one: Architecture): number => {
    const { products, attention } = operationsPerToken(one, PAIR_TOKENS);
    return products + attention;
  };
  const memory = (precision: 'fp32' | 'int8'): number => {
    const figures = variantFigures(id, precision);
    return loadedBytes(figures, figures.weightsBytes);
  };
  return {
    ...variant,
    memoryBytes: { fp32: memory('fp32'), int8: memory('int8') },
    /** Multiply-adds of a pair of 128 tokens over those of tiny. */
    work: work(variant.architecture) / work(VARIANTS.tiny.architecture),
  };
}

function variantTable(): string {
  const variants = VARIANT_IDS.map(described);
  const sources = [...new Set(variants.flatMap(({ published }) => published?.source ?? []))];
  const listed = table(
    [
      { heading: 'variant' },
      { heading: 'structure' },
      { heading: 'parameters', align: 'right' },
      { heading: 'tokens', align: 'right' },
      { heading: 'MB fp32', align: 'right' },
      { heading: 'MB int8', align: 'right' },
      { heading: 'work', align: 'right' },
      { heading: 'BEIR NDCG@10', align: 'right' },
      { heading: 'licence' },
      { heading: 'languages' },
    ],
    variants.map(({ id, architecture, published, licence, ...variant }) => {
      const { structure = 'jinabert', layers, hidden } = architecture;
      const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
      const source = published && `[${sources.indexOf(published.source) + 1}]`;
      return [
        id,
        `${structure} ${layers} x ${hidden}`,
        String(variant.parameters),
        String(variant.contextTokens),
        megabytes(variant.memoryBytes.fp32),
        megabytes(variant.memoryBytes.int8),
        `${variant.work.toPrecision(2)}x`,
        published ? `${published.beirNdcg10.toFixed(2)} ${source}` : '-',
        licence.commercial ? licence.id : `${licence.id} (not for commercial use)`,
        variant.languages.join(', '),
      ];
    }),
  );
  return [
    listed,
    '',
    'MB: an inference process with the model, estimated from its parameters. work: multiply-adds of a pair of 128 tokens, tiny is 1x.',
    'BEIR NDCG@10, mean of 17 collections, as published:',
    ...sources.map((source, i) => `[${i + 1}] ${source}`),
    'Their pages, which tell the licence, too:',
    ...variants.map(({ id, licence }) => `${id}: ${licence.source}`),
  ].join('\n');
}
