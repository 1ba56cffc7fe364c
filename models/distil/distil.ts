import { appendFile, mkdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { writeModelDirectory } from '../directory';
import type { ModelManifest } from '../manifest';
import { robertaPair } from '../manifest';
import { loadCheckpoint, saveCheckpoint } from './checkpoint';
import { EncodedGroups } from './data/groups';
import { initialStudent } from './initial';
import type { Recipe } from './recipe';
import { Trainer } from './trainer';
import type { Student } from './trainer';

/** What a training run tells while it goes on. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  /** Means since the last report: loss in nats, accuracy as a share. */
  readonly loss: number;
  readonly accuracy: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

export interface DistilOptions {
  readonly recipe: Recipe;
  /** Directory with `documents.jsonl` and `groups.jsonl`. */
  readonly data: string;
  readonly tokenizerFile: string;
  /** Directory for the checkpoint and the log; a run found there is resumed. */
  readonly work: string;
  readonly threads?: number;
  /** Steps between two reports. Default: 20. */
  readonly reportEvery?: number;
  /** Steps between two checkpoints. Default: 200. */
  readonly checkpointEvery?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Trains the student of a recipe, or goes on from its checkpoint, to the recipe's last step.
 * @throws ModelError `training_diverged`, `config_invalid`; the last checkpoint stays.
 */
export async function distil(options: DistilOptions): Promise<Student> {
  const { recipe, work, reportEvery = 20, checkpointEvery = 200 } = options;
  await mkdir(work, { recursive: true });
  const file = path.join(work, 'checkpoint.safetensors');
  const resumed = (await stat(file).catch(() => undefined)) && (await loadCheckpoint(file));
  const groups = await EncodedGroups.load(
    path.join(options.data, 'groups.jsonl'),
    path.join(options.data, 'documents.jsonl'),
    options.tokenizerFile,
  );
  const student = resumed?.student ?? initialStudent(recipe);
  const template = robertaPair(SPECIAL, recipe.documentType);
  const threads = options.threads ?? availableParallelism();
  const trainer = await Trainer.create(recipe, groups, template, student, threads);

  let window = { loss: 0, accuracy: 0, tokens: 0, steps: 0, started: performance.now() };
  for (let step = (resumed?.step ?? 0) + 1; step <= recipe.steps; step++) {
    const report = await trainer.step(step);
    await appendFile(path.join(work, 'log.jsonl'), `${JSON.stringify(report)}\n`);
    window.loss += report.loss;
    window.accuracy += report.accuracy;
    window.tokens += report.tokens;
    window.steps++;
    if (step % reportEvery === 0 || step === recipe.steps) {
      const seconds = (performance.now() - window.started) / 1000;
      options.onProgress?.({
        step,
        steps: recipe.steps,
        loss: window.loss / window.steps,
        accuracy: window.accuracy / window.steps,
        tokensPerSecond: window.tokens / seconds,
        secondsLeft: ((recipe.steps - step) * seconds) / window.steps,
      });
      window = { loss: 0, accuracy: 0, tokens: 0, steps: 0, started: performance.now() };
    }
    if (step % checkpointEvery === 0 || step === recipe.steps) await saveCheckpoint(file, student, step);
  }
  return student;
}

/** Ids that the tokenizer trained by this project gives its special tokens. */
const SPECIAL = { cls: 0, sep: 2 };

/** Writes a trained student as a model directory. */
export function exportStudent(
  out: string,
  recipe: Recipe,
  student: Student,
  options: { precision: 'fp32' | 'int8'; tokenizerFile: string; variant?: string },
): Promise<ModelManifest> {
  return writeModelDirectory(out, {
    name: recipe.name,
    ...(options.variant && { variant: options.variant }),
    source: { kind: 'distilled', recipe: recipe.name, seed: recipe.seed, steps: recipe.steps },
    architecture: recipe.architecture,
    weights: (name) => student.get(name)!.data,
    precision: options.precision,
    embeddings: options.precision,
    maxLength: recipe.maxLength,
    documentType: recipe.documentType,
    tokenizerFile: options.tokenizerFile,
  });
}
