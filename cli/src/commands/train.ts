import { Command, Option } from 'commander';
import { PREFIX_VARIABLE, SAGEMAKER_PREFIX, train } from '@sagemaker-reranker/distillation';

/** `reranker train`: what SageMaker starts in a training container. */
export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Distil as a SageMaker training job does: config and data from its channels, the model directory to its model folder; goes on where it was stopped.',
    )
    .addOption(
      new Option('--prefix <dir>', 'stands for the directory that SageMaker mounts')
        .env(PREFIX_VARIABLE)
        .default(SAGEMAKER_PREFIX),
    )
    .action(async ({ prefix }: { prefix: string }) => {
      process.exitCode = await train(prefix);
    });
}
