import { InvalidArgumentError, type Command } from 'commander';
import type { TargetOptions } from './eval-targets.js';

/** What both kinds of evaluation take. */
export interface EvalOptions extends TargetOptions {
  readonly run?: string;
  readonly writeRun?: string;
  readonly topK: number;
  readonly cutoff: number;
  readonly weight: number;
  readonly concurrency: number;
  readonly k1?: number;
  readonly b?: number;
  readonly lenient?: boolean;
  readonly json?: boolean;
  readonly html?: string;
}

/** @param cutoff default rank at which metrics stop. */
export function addEvalOptions(command: Command, cutoff: number): Command {
  return command
    .option('--model <dir>', 'model directory to measure; repeatable (default: the embedded model)', append)
    .option('--url <url>', 'container to measure, by its base URL; repeatable', append)
    .option('--endpoint-name <name>', 'SageMaker endpoint to measure; repeatable', append)
    .option('--endpoint <url>', 'address of the SageMaker Runtime API, for `reranker local`')
    .option('--region <region>', 'AWS region of the endpoints')
    .option('--run <file>', 'TREC run that is the first stage, instead of BM25')
    .option('--k1 <number>', "BM25's saturation of term frequency (default: 0.9)", atLeastZero)
    .option('--b <number>', "BM25's weight of document length, 0..1 (default: 0.4)", share)
    .option('--top-k <number>', 'first-stage documents a query that are reranked', positiveInteger, 100)
    .option('--cutoff <number>', 'rank at which all metrics but MAP stop', positiveInteger, cutoff)
    .option(
      '--weight <number>',
      'weight of the reranker in its fusion with the first stage, 0..1',
      share,
      0.5,
    )
    .option('--concurrency <number>', 'queries in flight at once', positiveInteger, 4)
    .option('--lenient', 'leave malformed lines out, count and name them, instead of stopping')
    .option('--write-run <dir>', 'write the TREC run of every system into this directory')
    .option('--json', 'print JSON, with the figures of every query')
    .option('--html <file>', 'write the report as a page, too');
}

// An option that takes all words after it would take the collection's directory, too.
const append = (value: string, before: readonly string[] = []): string[] => [...before, value];

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new InvalidArgumentError('it must be a whole number of at least 1');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('it must be a number from 0 to 1');
  return value;
}

function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('it must be a number of at least 0');
  return value;
}
