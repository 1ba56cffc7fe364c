import { Option } from 'commander';
import { VARIANTS, VARIANT_IDS, type VariantId, readModelDirectory } from '@sagemaker-reranker/models';
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

/** `reranker models`: what can be deployed, and model directories. */
export function modelsCommand(): Command {
  const models = new Command('models').description('List variants, look into model directories, make them.');
  models
    .command('list')
    .description('The variants this project knows.')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const variants = VARIANT_IDS.map((id) => VARIANTS[id]);
      print(json ? JSON.stringify(variants, null, 2) : variantTable());
    });
  models
    .command('info')
    .description(
      'What the manifest of a model directory declares, or what is read off the files of a hub export; checks that they are there.',
    )
    .argument('<dir>', 'model directory, or a directory with model.onnx, tokenizer.json and config.json')
    .action(async (directory: string) => print(JSON.stringify(await readModelDirectory(directory), null, 2)));
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

function variantTable(): string {
  return table(
    [
      { heading: 'variant' },
      { heading: 'structure' },
      { heading: 'layers', align: 'right' },
      { heading: 'hidden', align: 'right' },
      { heading: 'parameters', align: 'right' },
      { heading: 'tokens', align: 'right' },
      { heading: 'BEIR NDCG@10 (published)', align: 'right' },
      { heading: 'licence' },
      { heading: 'languages' },
      { heading: 'model hub' },
    ],
    VARIANT_IDS.map((id) => {
      const { architecture, parameters, contextTokens, published, hub, licence, languages } = VARIANTS[id];
      const figures = [
        architecture.layers,
        architecture.hidden,
        parameters,
        contextTokens,
        published?.beirNdcg10 ?? '-',
      ];
      const terms = licence.commercial ? licence.id : `${licence.id} (not for commercial use)`;
      const structure = architecture.structure ?? 'jinabert';
      return [id, structure, ...figures.map(String), terms, languages.join(', '), hub?.repository ?? '-'];
    }),
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
