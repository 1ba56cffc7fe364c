import { Command } from 'commander';
import {
  type QueueingCheck,
  checkQueueing,
  readMeasurements,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';
import { table } from '../table.js';

interface Options {
  readonly measurements?: string;
  readonly json?: boolean;
}

/** `reranker cost check`: what the queueing formula predicts, against what was measured. */
export function checkCommand(): Command {
  return new Command('check')
    .description('Hold the predicted p95 against every measured step with open-loop arrivals.')
    .option('--measurements <place>', 'a measurement or a folder of them instead of those that ship')
    .option('--json', 'print JSON')
    .action(({ measurements, json }: Options) => {
      const checks = checkQueueing(measurements ? readMeasurements(measurements) : shippedMeasurements());
      process.stdout.write(json ? `${JSON.stringify(checks, null, 2)}\n` : `${checkText(checks)}\n`);
    });
}

function checkText(checks: readonly QueueingCheck[]): string {
  if (checks.length === 0)
    return 'No measurement has a step with enough answered requests below saturation to compare with.';
  const rows = checks.map(
    ({ measurement, documentsPerQuery, utilisation, requests, measuredP95Ms, predictedP95Ms, error }) => [
      measurement,
      String(documentsPerQuery),
      percent(utilisation),
      String(requests),
      measuredP95Ms.toFixed(0),
      predictedP95Ms.toFixed(0),
      signed(error),
    ],
  );
  const errors = checks.map(({ error }) => error).sort((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  return [
    table(
      [
        { heading: 'measurement' },
        { heading: 'documents', align: 'right' },
        { heading: 'used', align: 'right' },
        { heading: 'requests', align: 'right' },
        { heading: 'measured p95 ms', align: 'right' },
        { heading: 'predicted', align: 'right' },
        { heading: 'error', align: 'right' },
      ],
      rows,
    ),
    '',
    `${checks.length} steps: errors from ${signed(errors[0]!)} to ${signed(errors.at(-1)!)}, half of them within ${percent(sizes[(sizes.length - 1) >> 1]!)}.`,
  ].join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const signed = (share: number): string => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`;
