import { type Targets, addTarget, append, number, share, wholeNumber } from '../options.js';
import type { Command } from '../command.js';

/** What both kinds of evaluation take. */
export interface EvalOptions extends Targets {
  readonly run?: string;
  readonly firstStage?: readonly string[];
  readonly work?: string;
  readonly writeRun?: string;
  readonly topK: number;
  readonly cutoff: number;
  readonly weight: number | 'auto';
  readonly concurrency: number;
  readonly k1?: number;
  readonly b?: number;
  readonly lenient?: boolean;
  readonly json?: boolean;
  readonly html?: string;
}

/** @param cutoff default rank at which metrics stop. */
export function addEvalOptions(command: Command, cutoff: number): Command {
  return addTarget(command, { several: true })
    .option('--run <file>', 'TREC run that is the first stage, instead of BM25')
    .option(
      '--first-stage <dir>',
      'directory of a sentence encoder that is a first stage too, alone and fused with BM25; repeatable',
      append,
    )
    .option(
      '--work <dir>',
      'keep vectors and scores in this directory; the same command goes on where it was stopped',
    )
    .option(
      '--k1 <number>',
      "BM25's saturation of term frequency (default: 0.9)",
      number('a number of at least 0', (value) => value >= 0),
    )
    .option('--b <number>', "BM25's weight of document length, 0..1 (default: 0.4)", share)
    .option('--top-k <number>', 'first-stage documents a query that are reranked', wholeNumber(1), 100)
    .option('--cutoff <number>', 'rank at which all metrics but MAP stop', wholeNumber(1), cutoff)
    .option(
      '--weight <number>',
      'weight of the reranker in its fusion with the first stage, 0..1; auto finds it on one half of the queries and judges it on the other',
      (text): number | 'auto' => (text === 'auto' ? text : share(text)),
      0.5,
    )
    .option('--concurrency <number>', 'queries in flight at once', wholeNumber(1), 4)
    .option('--lenient', 'leave malformed lines out, count and name them, instead of stopping')
    .option('--write-run <dir>', 'write the TREC run of every system into this directory')
    .option('--json', 'print JSON, with the figures of every query')
    .option('--html <file>', 'write the report as a page, too');
}
