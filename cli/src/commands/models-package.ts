import { exportModel, openModelDirectory, packModel } from '@sagemaker-reranker/models';
import { Command } from '../command.js';
import { print } from '../terminal/out.js';

/** `reranker models package`: what SageMaker takes as model data. */
export function packageCommand(): Command {
  return new Command('package')
    .description(
      'Pack a model directory as model.tar.gz, the same bytes for the same input; or copy it for uncompressed model data.',
    )
    .argument('<dir>', 'model directory')
    .requiredOption('--out <path>', 'a new file ending in .tar.gz, or a new directory')
    .action(async (directory: string, { out }: { out: string }) => {
      const pack = /\.(tar\.gz|tgz)$/.test(out) ? packModel : exportModel;
      const { path, bytes, sha256 } = await pack(openModelDirectory(directory), out);
      print(`${path}: ${bytes} bytes, SHA-256 ${sha256}`);
    });
}
