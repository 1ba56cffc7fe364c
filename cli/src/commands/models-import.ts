import { Command } from '../command.js';
import { importExport } from '@sagemaker-reranker/models';
import { print } from '../terminal/out.js';

/** `reranker models import`: an export as it is becomes a model directory. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      "Write a manifest for an exporter's ONNX file, so that verify, package, tune, measure and deploy take it as it is.",
    )
    .argument('<dir>', 'directory with model.onnx or onnx/model.onnx, tokenizer.json and config.json')
    .option('--name <name>', 'name in the manifest; default: that of the directory')
    .action(async (directory: string, options: { name?: string }) => {
      const { name, max_length, exported } = await importExport(directory, options);
      const choices = exported?.choices.map((choice) => `  ${choice}`) ?? [];
      print([`${directory}: ${name}, up to ${max_length} tokens`, ...choices].join('\n'));
    });
}
