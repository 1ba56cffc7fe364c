import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Collection,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
  describeFaults,
  evaluate,
  fileName,
  formatHtml,
  reportJson,
  writeTrecRun,
  writeWhole,
} from '@sagemaker-reranker/evaluation';
import { UsageError, systemReason } from '@sagemaker-reranker/models';
import { ProgressBar } from '../terminal/progress.js';
import { checkFirstStages, firstStagesOf } from './eval-first-stages.js';
import type { EvalOptions } from './eval-options.js';
import { json, print, tell } from '../terminal/out.js';
import { evaluationText } from '../eval-text.js';

/**
 * Evaluates rerankers on collections, each over all first stages, and prints and writes the reports asked for.
 * @param rerankersOf opens the rerankers, anew for each collection
 */
export async function runEvaluation(
  collections: readonly (() => Promise<Collection>)[],
  rerankersOf: () => AsyncIterable<Reranker>,
  options: EvalOptions,
  compare: NonNullable<EvaluateOptions['compare']>,
): Promise<void> {
  const work = options.work ?? (await mkdtemp(path.join(tmpdir(), 'reranker-eval-')));
  const all: EvaluationResult[] = [];
  try {
    for (const read of collections) {
      const collection = await read();
      const results = await evaluateCollection(collection, rerankersOf(), options, compare, work);
      for (const result of results) {
        // A name of their own for each of several reports.
        const several = collections.length * results.length > 1;
        const label = several ? fileName(`${result.collection}-${result.systems[0]!.name}`) : undefined;
        if (options.writeRun !== undefined) await writeRuns(options.writeRun, result, label);
        if (options.html !== undefined) {
          await writeWhole(labelled(options.html, label), formatHtml(result, collection));
        }
      }
      all.push(...results);
    }
  } finally {
    if (options.work === undefined) await rm(work, { recursive: true, force: true });
  }
  print(options.json ? json(reportJson(all)) : evaluationText(all));
  // A table says it itself; whoever reads JSON with a program shall see it too.
  const faults = all.flatMap((result) => result.faults);
  if (options.json && faults.length > 0) tell(`left out ${describeFaults(faults)}`);
}

async function evaluateCollection(
  collection: Collection,
  rerankers: AsyncIterable<Reranker>,
  options: EvalOptions,
  compare: NonNullable<EvaluateOptions['compare']>,
  work: string,
): Promise<EvaluationResult[]> {
  const firstStages = await firstStagesOf(collection, options, work);
  const progress = new ProgressBar('queries');
  try {
    return await evaluate(collection, firstStages, rerankers, {
      topK: options.topK,
      cutoff: options.cutoff,
      fusionWeight: options.weight,
      concurrency: options.concurrency,
      compare,
      answers: work,
      onProgress: (name, done, total) => {
        progress.update(done, total, name);
        if (done === total) progress.stop();
      },
    });
  } finally {
    progress.stop();
  }
}

/**
 * Finds out before the work begins what would fail after it.
 * @throws UsageError for options that contradict each other, and for outputs that cannot be written.
 */
export async function checkEvalOptions(options: EvalOptions, collections: number): Promise<void> {
  const { run, k1, b, html, writeRun, work } = options;
  if (run !== undefined && (k1 ?? b) !== undefined) {
    throw new UsageError('--k1 and --b are of BM25, which --run replaces');
  }
  if (run !== undefined && collections > 1) {
    throw new UsageError('--run is of one collection: give one');
  }
  checkFirstStages(options);
  for (const [flag, directory] of [
    ['--write-run', writeRun],
    ['--work', work],
  ] as const) {
    if (directory === undefined) continue;
    await mkdir(directory, { recursive: true }).catch((error: Error) => {
      throw new UsageError(`${flag} ${directory} cannot be made: ${systemReason(error)}`);
    });
  }
  if (html === undefined) return;
  await access(path.dirname(path.resolve(html)), constants.W_OK).catch((error: Error) => {
    throw new UsageError(`--html ${html} cannot be written: ${systemReason(error)}`);
  });
}

/** `report-LABEL.html` of `report.html`. */
function labelled(file: string, label: string | undefined): string {
  if (label === undefined) return file;
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `${name}-${label}${ext}`);
}

async function writeRuns(
  directory: string,
  { systems }: EvaluationResult,
  label: string | undefined,
): Promise<void> {
  for (const { name, run } of systems) {
    const file = `${label === undefined ? '' : `${label}-`}${fileName(name)}.run`;
    await writeTrecRun(path.join(directory, file), run, name);
  }
}
