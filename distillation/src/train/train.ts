import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  MANIFEST_FILE,
  ModelError,
  UsageError,
  explain,
  openModelDirectory,
} from '@sagemaker-reranker/models';
import { readDistilConfig } from '../config.js';
import { runDistillation } from '../pipeline.js';
import { connectTeacher } from './connect-teacher.js';
import { readHyperparameters } from './hyperparameters.js';
import { trainingLayout, type TrainingLayout } from './layout.js';
import { metricLine } from './metric-line.js';

/** Exit status after SIGTERM, by the shells' convention: a job stopped half-way must not count as completed. */
const TERMINATED = 143;

/** Characters of the failure file that SageMaker shows. */
const FAILURE_CHARACTERS = 1024;

/**
 * Runs a distillation as a SageMaker training container: config and data from the channels, the stages' results in the
 * checkpoint directory, the model directory at the end. SIGTERM (a spot interruption, a stopped job) leaves a checkpoint
 * that the next start goes on from.
 * @param prefix stands for `/opt/ml`
 * @returns the exit status; the reason of a failure is in the failure file and on stderr
 */
export async function train(prefix: string): Promise<number> {
  const layout = trainingLayout(prefix);
  try {
    await distilInto(layout);
    return 0;
  } catch (error) {
    if (error instanceof ModelError && error.code === 'training_interrupted') {
      process.stderr.write(`${error.message}\n`);
      return TERMINATED;
    }
    await reportFailure(layout, explain(error));
    return 1;
  }
}

async function distilInto(layout: TrainingLayout): Promise<void> {
  const { config: name, ...settings } = await readHyperparameters(layout.hyperparameters);
  const file = path.resolve(layout.data, name);
  await requireConfig(layout, file);
  const given = await readDistilConfig(file);
  const work = layout.checkpoints;
  const out = path.join(work, 'model');
  for (const directory of ['fp32', 'int8', 'model']) await removeTorn(path.join(work, directory));

  const control = new AbortController();
  const stop = (): void => control.abort();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  let faults = 0;
  try {
    const { manifest, verification } = await runDistillation(
      { ...given, work, out },
      {
        ...settings,
        connect: connectTeacher,
        signal: control.signal,
        onStage: (stage, done, total) => {
          print(`stage=${JSON.stringify(stage)}${done === undefined ? '' : ` done=${done} of=${total}`}`);
        },
        onProgress: (progress) => print(metricLine(progress)),
        onFault: (fault) => {
          faults++;
          print(`left out ${fault.file}:${fault.line}: ${fault.reason}`);
        },
      },
    );
    if (faults > 0) print(`${faults} malformed lines were left out`);
    if (!verification.passed) {
      const failed = verification.checks
        .filter(({ outcome }) => outcome === 'failed')
        .map((check) => check.name);
      throw new ModelError('run_failed', `the model failed its checks: ${failed.join(', ')}`, out);
    }
    await handOver(out, layout.model);
    print(`model=${layout.model} name=${manifest.name} parameters=${manifest.parameters}`);
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
  }
}

/** @throws UsageError telling which channels there are, where the config is in none of them. */
async function requireConfig(layout: TrainingLayout, file: string): Promise<void> {
  const inside = path.relative(layout.data, file);
  if (inside.startsWith('..')) throw new UsageError(`config is ${file}, which no channel holds`);
  const folder = path.dirname(file);
  const found = await readdir(folder).catch(() => undefined);
  if (found?.includes(path.basename(file))) return;
  const channels = await readdir(layout.data).catch(() => [] as string[]);
  const message = `no config at ${file}; ${layout.data} has the channels ${channels.join(', ') || '(none)'}: name the file by the hyperparameter config`;
  throw new UsageError(message);
}

/** An upload cut short by an interruption can leave a part of an exported model in the checkpoints; it is made again. */
async function removeTorn(directory: string): Promise<void> {
  try {
    openModelDirectory(directory);
  } catch {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Copies the model into a directory that SageMaker mounts, which cannot be moved into place; the manifest goes last, so
 * that a model with a manifest is whole.
 */
async function handOver(from: string, to: string): Promise<void> {
  const { manifest } = openModelDirectory(from);
  await mkdir(to, { recursive: true });
  for (const name of [...manifest.files.map((entry) => entry.path), MANIFEST_FILE]) {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true });
    await copyFile(path.join(from, name), path.join(to, name));
  }
}

async function reportFailure(layout: TrainingLayout, reason: string): Promise<void> {
  process.stderr.write(`reranker train: ${reason}\n`);
  const line = reason.replace(/\s*\n\s*/g, ' ').slice(0, FAILURE_CHARACTERS);
  await mkdir(path.dirname(layout.failure), { recursive: true });
  await writeFile(layout.failure, line);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
