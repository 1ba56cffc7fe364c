import type { Aside, Progress } from '@sagemaker-reranker/distillation';
import { Command } from '../command.js';
import { wholeNumber } from '../options.js';
import { ProgressBar } from '../terminal/progress.js';
import { json as toJson, print, tell } from '../terminal/out.js';

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
      const bar = new ProgressBar();
      const result = await runDistillation(config, {
        connect: connectTeacher,
        signal: control.signal,
        onStage: (stage, done, total) => {
          if (done !== undefined) {
            bar.update(done, total, stage);
            return;
          }
          bar.stop();
          tell(stage);
        },
        onProgress: (progress) => bar.update(progress.step, progress.steps, describeProgress(progress)),
        onFault: ({ file: where, line, reason }) => {
          faults += 1;
          bar.stop();
          tell(`left out ${where}:${line}: ${reason}`);
        },
        ...(threads !== undefined && { threads }),
        ...(checkpointEvery !== undefined && { checkpointEvery }),
      }).finally(() => bar.stop());
      if (faults > 0) tell(`${faults} malformed lines were left out`);
      const { manifest, verification, comparison, aside } = result;
      const tau = comparison ? `; Kendall tau to fp32 ${comparison.kendallTau.toFixed(4)}` : '';
      const outcome = verification.passed ? 'verified' : 'FAILED its checks';
      const text = `${config.out}: ${manifest.name}, ${manifest.parameters} parameters, ${manifest.precision}, ${outcome}${tau}`;
      if (aside) tell(describeAside(aside));
      print(json ? toJson(result) : text);
      if (!verification.passed) process.exitCode = 1;
    });
}

function describeProgress(progress: Progress): string {
  const { loss, accuracy, agreement, tokensPerSecond } = progress;
  const teacher = agreement === undefined ? '' : `, agreement ${agreement.toFixed(3)}`;
  return `loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}${teacher}, ${Math.round(tokensPerSecond)} tokens/s`;
}

/** What the training gave, on groups it did not learn from. */
function describeAside({ groups, start, end }: Aside): string {
  const of = ({ loss, agreement }: Aside['start']): string =>
    `loss ${loss.toFixed(4)}${agreement === undefined ? '' : `, agreement ${agreement.toFixed(3)}`}`;
  return `${groups} groups kept aside: ${of(start)} at the start; ${of(end)} at the end`;
}
