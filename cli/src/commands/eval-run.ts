import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type Collection,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
  bm25FirstStage,
  describeFaults,
  evaluate,
  formatHtml,
  formatTable,
  reportJson,
  trecFirstStage,
  writeTrecRun,
  writeWhole,
} from '@sagemaker-reranker/evaluation';
import { UsageError, systemReason } from '@sagemaker-reranker/models';
import { ProgressBar } from '../terminal/progress.js';
import type { EvalOptions } from './eval-options.js';

/** Evaluates rerankers on a collection and prints and writes the reports asked for. */
export async function runEvaluation(
  collection: Collection,
  rerankers: AsyncIterable<Reranker>,
  options: EvalOptions,
  compare: NonNullable<EvaluateOptions['compare']>,
): Promise<void> {
  const { run, lenient, k1, b } = options;
  const firstStage =
    run === undefined
      ? await bm25FirstStage(collection, { ...(k1 !== undefined && { k1 }), ...(b !== undefined && { b }) })
      : await trecFirstStage(run, collection, { ...(lenient && { lenient }) });
  const progress = new ProgressBar('queries');
  const result = await evaluate(collection, firstStage, rerankers, {
    topK: options.topK,
    cutoff: options.cutoff,
    fusionWeight: options.weight,
    concurrency: options.concurrency,
    compare,
    onProgress: (name, done, total) => {
      progress.update(done, total, name);
      if (done === total) progress.stop();
    },
  });
  progress.stop();
  if (options.writeRun !== undefined) await writeRuns(options.writeRun, result);
  if (options.html !== undefined) await writeWhole(options.html, formatHtml(result, collection));
  process.stdout.write(
    options.json ? `${JSON.stringify(reportJson(result), null, 2)}\n` : formatTable(result),
  );
  // A table says it itself; whoever reads JSON with a program shall see it too.
  if (options.json && result.faults.length > 0) {
    process.stderr.write(`left out ${describeFaults(result.faults)}\n`);
  }
}

/**
 * Finds out before the work begins what would fail after it.
 * @throws UsageError for options that contradict each other, and for outputs that cannot be written.
 */
export async function checkEvalOptions({ run, k1, b, html, writeRun }: EvalOptions): Promise<void> {
  if (run !== undefined && (k1 ?? b) !== undefined) {
    throw new UsageError('--k1 and --b are of BM25, which --run replaces');
  }
  if (writeRun !== undefined) {
    await mkdir(writeRun, { recursive: true }).catch((error: Error) => {
      throw new UsageError(`--write-run ${writeRun} cannot be made: ${systemReason(error)}`);
    });
  }
  if (html === undefined) return;
  await access(path.dirname(path.resolve(html)), constants.W_OK).catch((error: Error) => {
    throw new UsageError(`--html ${html} cannot be written: ${systemReason(error)}`);
  });
}

async function writeRuns(directory: string, { systems }: EvaluationResult): Promise<void> {
  for (const { name, run } of systems) {
    const file = `${name.replace(/[^\w.+-]+/g, '-').replace(/^-+|-+$/g, '')}.run`;
    await writeTrecRun(path.join(directory, file), run, name);
  }
}
