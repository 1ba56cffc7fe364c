import { Option } from 'commander';
import { Command } from '../command.js';

/** `reranker train`: what SageMaker starts in a training container. */
export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Distil as a SageMaker training job does: config and data from its channels, the model directory to its model folder; goes on where it was stopped.',
    )
    .addOption(
      new Option('--prefix <dir>', 'stands for the directory that SageMaker mounts')
        .env('SAGEMAKER_PREFIX')
        .default('/opt/ml'),
    )
    .action(async ({ prefix }: { prefix: string }) => {
      // Loaded when it is wanted: every other command starts sooner without it.
      const { train } = await import('@sagemaker-reranker/distillation');
      process.exitCode = await train(prefix);
    });
}
