import { appendFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import { ModelError, type ModelManifest, readTokenizer, robertaPair } from '@sagemaker-reranker/models';
import {
  activationsOf,
  specOf,
  writeModelDirectory,
  type Quantization,
} from '@sagemaker-reranker/models/build';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { EncodedGroups, partOf } from './data/groups.js';
import { storageError } from './data/lines.js';
import { initialStudent } from './initial.js';
import { lossSettings, needsTeacher } from './loss.js';
import type { Recipe } from './recipe.js';
import { Trainer, type Judgement, type Student } from './trainer.js';
import { keptVectors } from './word-vectors.js';
import { studentShapes } from './words.js';

/** What a training run tells while it goes on. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  /** Means since the last report: the loss as weighted, accuracy as a share. */
  readonly loss: number;
  readonly accuracy: number;
  /** Share of pairs ordered as the teacher orders them, where there is a teacher. */
  readonly agreement?: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/** What the student made of groups that it did not learn from. */
export interface Aside {
  readonly groups: number;
  readonly start: Judgement;
  readonly end: Judgement;
}

/** Groups kept aside: a tenth of them, but no more than these. */
const MOST_ASIDE = 256;

interface DistilOptions {
  readonly recipe: Recipe;
  /**
   * Directories with `documents.jsonl` and `groups.jsonl`, or, where the loss needs a teacher's scores, `scored.jsonl`.
   * Several count as one collection.
   */
  readonly data: string | readonly string[];
  readonly tokenizerFile: string;
  /** Gives the vectors that the word table is made of (`ProjectedWords`). Default: a table that starts as noise. */
  readonly words?: Pick<SentenceEncoder, 'encode'>;
  /** Directory for the checkpoint and the log; a run found there is resumed. */
  readonly work: string;
  readonly threads?: number;
  /** Steps between two reports. Default: 20. */
  readonly reportEvery?: number;
  /** Steps between two checkpoints. Default: 200. */
  readonly checkpointEvery?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the run after the step at hand, its checkpoint written. */
  readonly signal?: AbortSignal;
}

/**
 * Trains the student of a recipe, or goes on from its checkpoint, to the recipe's last step. The log then holds one line
 * a step, as that of a run without interruption. The last tenth of the groups, 256 at most, is kept aside and judged before
 * the first step and after the last.
 * @throws ModelError `training_diverged`, `config_invalid`, `tokenizer_invalid`, `disk_full`, `training_interrupted` (by
 * the signal); the last checkpoint stays.
 */
export async function distil(options: DistilOptions): Promise<{ student: Student; aside?: Aside }> {
  const { recipe, work, reportEvery = 20, checkpointEvery = 200 } = options;
  await mkdir(work, { recursive: true });
  const file = path.join(work, 'checkpoint.safetensors');
  const log = path.join(work, 'log.jsonl');
  const { vocabulary } = recipe.architecture;
  const { cls, sep } = await readTokenizer(options.tokenizerFile, vocabulary);
  const resumed = (await stat(file).catch(() => undefined)) && (await loadCheckpoint(file));
  await keepSteps(log, resumed?.step ?? 0);
  const groups = await EncodedGroups.load(
    [options.data].flat().map((directory) => ({
      groups: path.join(directory, needsTeacher(lossSettings(recipe.loss)) ? 'scored.jsonl' : 'groups.jsonl'),
      documents: path.join(directory, 'documents.jsonl'),
    })),
    options.tokenizerFile,
  );
  const vectors =
    options.words && (await keptVectors(work, options.tokenizerFile, options.words, groups, vocabulary));
  if (resumed) checkShapes(resumed.student, studentShapes(recipe.architecture, vectors?.width), file);
  const student = resumed?.student ?? initialStudent(recipe, vectors);
  const template = robertaPair({ cls, sep }, recipe.documentType);
  const threads = options.threads ?? availableParallelism();
  const kept = Math.min(MOST_ASIDE, Math.floor(groups.length / 10));
  const learnt = partOf(groups, 0, groups.length - kept);
  const others = partOf(groups, groups.length - kept, groups.length);
  const trainer = await Trainer.create(recipe, learnt, template, student, threads, vectors);
  const startFile = path.join(work, 'aside.json');
  if (!resumed && kept > 0) await writeFile(startFile, JSON.stringify(await trainer.judge(others, kept)));

  let window = emptyWindow();
  for (let step = (resumed?.step ?? 0) + 1; step <= recipe.steps; step++) {
    const report = await trainer.step(step);
    await appendFile(log, `${JSON.stringify(report)}\n`).catch((error: unknown) => {
      throw storageError(error, log);
    });
    window.loss += report.loss;
    window.accuracy += report.accuracy;
    window.agreement += report.agreement ?? Number.NaN;
    window.tokens += report.tokens;
    window.steps++;
    if (step % reportEvery === 0 || step === recipe.steps) {
      const seconds = (performance.now() - window.started) / 1000;
      options.onProgress?.({
        step,
        steps: recipe.steps,
        loss: window.loss / window.steps,
        accuracy: window.accuracy / window.steps,
        ...(Number.isFinite(window.agreement) && { agreement: window.agreement / window.steps }),
        tokensPerSecond: window.tokens / seconds,
        secondsLeft: ((recipe.steps - step) * seconds) / window.steps,
      });
      window = emptyWindow();
    }
    const stop = options.signal?.aborted === true && step < recipe.steps;
    if (step % checkpointEvery === 0 || step === recipe.steps || stop) {
      await saveCheckpoint(file, student, step);
    }
    if (stop) {
      const message = `stopped after step ${step} of ${recipe.steps}; ${file} holds it, the same command goes on`;
      throw new ModelError('training_interrupted', message, file);
    }
  }
  const finished = await trainer.finished();
  if (kept === 0) return { student: finished };
  const start = JSON.parse(await readFile(startFile, 'utf8')) as Judgement;
  return { student: finished, aside: { groups: kept, start, end: await trainer.judge(others, kept) } };
}

const emptyWindow = () => ({
  loss: 0,
  accuracy: 0,
  agreement: 0,
  tokens: 0,
  steps: 0,
  started: performance.now(),
});

/** @throws ModelError `config_invalid` for a checkpoint of another architecture. */
function checkShapes(student: Student, shapes: ReadonlyMap<string, readonly number[]>, file: string): void {
  const wrong = [...shapes].find(([name, shape]) => student.get(name)?.shape.join() !== shape.join());
  if (!wrong) return;
  const [name, shape] = wrong;
  const found = student.get(name)?.shape.join('x') ?? 'missing';
  const message = `${file} is of another architecture: ${name} is ${found}, the recipe wants ${shape.join('x')}. Name another work directory, or remove the file`;
  throw new ModelError('config_invalid', message, file);
}

/** Cuts the log after the step of the checkpoint, so that no step is in it twice. */
async function keepSteps(log: string, step: number): Promise<void> {
  const text = await readFile(log, 'utf8').catch(() => '');
  let end = 0;
  for (let kept = 0; kept < step && text.indexOf('\n', end) >= 0; kept++) end = text.indexOf('\n', end) + 1;
  if (end < text.length) await truncate(log, end);
}

/**
 * Channels up to which a product of floats costs no more than one of integers with the rounding around it: 16 pairs of 128
 * tokens through 2 layers of 128 channels take 5.9 ms either way, and the ranking is that of the fp32 model.
 */
const NARROW = 128;

function quantizationOf({ architecture }: Recipe): Quantization | undefined {
  if (architecture.hidden > NARROW) return undefined;
  return {
    forms: Object.fromEntries(activationsOf(specOf(architecture)).map(({ name }) => [name, 'fp32'])),
  };
}

/** Writes a trained student as a model directory. */
export function exportStudent(
  out: string,
  recipe: Recipe,
  student: Student,
  options: { precision: 'fp32' | 'int8'; tokenizerFile: string },
): Promise<ModelManifest> {
  return writeModelDirectory(out, {
    name: recipe.name,
    variant: recipe.variant,
    quantization: options.precision === 'int8' ? quantizationOf(recipe) : undefined,
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
