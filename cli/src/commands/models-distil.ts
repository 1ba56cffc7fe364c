import type { Aside, Progress } from '@sagemaker-reranker/distillation';
import { Command } from '../command.js';
import { wholeNumber } from '../options.js';
import { duration } from '../terminal/progress.js';

interface DistilFlags {
  readonly threads?: number;
  readonly checkpointEvery?: number;
  readonly json?: boolean;
}

/** `reranker models distil`: the same command goes on where it was stopped. Exit code 1 when the model fails its checks. */
export function distilCommand(): Command {
  return new Command('distil')
    .description(
      "Train a small reranker on a teacher's scores: candidates, scores, training, export, verification, by one config.",
    )
    .argument('<config>', 'JSON file; docs/distillation.md tells its fields')
    .option('--threads <number>', 'threads of ONNX Runtime (default: all)', wholeNumber(1))
    .option('--checkpoint-every <steps>', 'steps between two checkpoints (default: 200)', wholeNumber(1))
    .option('--json', 'print the result as JSON')
    .action(async (file: string, { threads, checkpointEvery, json }: DistilFlags) => {
      // Loaded when it is wanted: every other command starts sooner without it.
      const { connectTeacher, readDistilConfig, runDistillation } =
        await import('@sagemaker-reranker/distillation');
      const config = await readDistilConfig(file);
      const control = new AbortController();
      const stop = (): void => control.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      let faults = 0;
      const result = await runDistillation(config, {
        connect: connectTeacher,
        signal: control.signal,
        onStage: (stage, done, total) => live(describeStage(stage, done, total)),
        onProgress: (progress) => live(describeProgress(progress)),
        onFault: ({ file: where, line, reason }) => {
          faults++;
          process.stderr.write(`left out ${where}:${line}: ${reason}\n`);
        },
        ...(threads !== undefined && { threads }),
        ...(checkpointEvery !== undefined && { checkpointEvery }),
      });
      process.stderr.write('\n');
      if (faults > 0) process.stderr.write(`${faults} malformed lines were left out\n`);
      const { manifest, verification, comparison, aside } = result;
      const tau = comparison ? `; Kendall tau to fp32 ${comparison.kendallTau.toFixed(4)}` : '';
      const outcome = verification.passed ? 'verified' : 'FAILED its checks';
      const text = `${config.out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, ${outcome}${tau}`;
      if (aside) process.stderr.write(`${describeAside(aside)}\n`);
      process.stdout.write(`${json ? JSON.stringify(result, null, 2) : text}\n`);
      if (!verification.passed) process.exitCode = 1;
    });
}

/** On a terminal one line that is written over; else a line each. */
function live(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
}

function describeStage(stage: string, done?: number, total?: number): string {
  if (done === undefined) return stage;
  return `${stage} ${done}${total === undefined ? '' : ` of ${total}`}`;
}

function describeProgress(progress: Progress): string {
  const { step, steps, loss, accuracy, agreement, tokensPerSecond, secondsLeft } = progress;
  const teacher = agreement === undefined ? '' : `, agreement ${agreement.toFixed(3)}`;
  return `step ${step} of ${steps}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}${teacher}, ${Math.round(tokensPerSecond)} tokens/s, ${duration(secondsLeft)} left`;
}

/** What the training gave, on groups it did not learn from. */
function describeAside({ groups, start, end }: Aside): string {
  const of = ({ loss, agreement }: Aside['start']): string =>
    `loss ${loss.toFixed(4)}${agreement === undefined ? '' : `, agreement ${agreement.toFixed(3)}`}`;
  return `${groups} groups kept aside: ${of(start)} at the start; ${of(end)} at the end`;
}
