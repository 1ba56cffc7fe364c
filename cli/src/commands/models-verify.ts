import { verifyModel } from '@sagemaker-reranker/inference/verify';
import { table } from '../terminal/table.js';
import { Command } from '../command.js';
import { json as toJson, print } from '../terminal/out.js';

/** `reranker models verify`: exit code 1 when a check fails. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Check a model directory: digests, interface, tokenizer, batches, padding, published logits.',
    )
    .argument('<dir>', 'model directory')
    .option('--json', 'print JSON')
    .action(async (directory: string, { json }: { json?: boolean }) => {
      const verification = await verifyModel(directory);
      const rows = verification.checks.map(({ outcome, name, detail }) => [outcome, name, detail]);
      const report = [
        table([{ heading: 'outcome' }, { heading: 'check' }, { heading: 'detail' }], rows),
        `${directory}: ${verification.passed ? 'verified' : 'FAILED'}`,
      ].join('\n');
      print(json ? toJson(verification) : report);
      if (!verification.passed) process.exitCode = 1;
    });
}
