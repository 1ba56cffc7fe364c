import {
  type FitCheck,
  type LatencyCheck,
  type ProcessorCheck,
  checkModel,
  readMeasurements,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';
import { right, table } from '../terminal/table.js';
import { Command } from '../command.js';
import { json as toJson, print } from '../terminal/out.js';
import { wrapped } from '../terminal/text.js';

interface Options {
  readonly measurements?: string;
  readonly json?: boolean;
}

/** `reranker cost check`: what the model predicts, against what was measured. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Hold the model against what was measured: p95 under load, throughput by size of query, one processor by another.',
    )
    .option('--measurements <place>', 'a measurement or a folder of them instead of those that ship')
    .option('--json', 'print JSON')
    .action(({ measurements, json }: Options) => {
      const check = checkModel(measurements ? readMeasurements(measurements) : shippedMeasurements());
      const text = [latencyText(check.latency), fitText(check.fits), processorText(check.processors)];
      print(json ? toJson(check) : wrapped(text.join('\n\n')));
    });
}

function latencyText(checks: readonly LatencyCheck[]): string {
  if (checks.length === 0)
    return 'No measurement has a step with enough answered requests below saturation to compare with.';
  const columns = ['documents', 'used', 'requests', 'measured p95 ms', 'simulated', 'error'].map(right);
  const rows = checks.map((check) => [
    check.measurement,
    String(check.documentsPerQuery),
    percent(check.utilisation),
    String(check.requests),
    check.measuredP95Ms.toFixed(0),
    check.predictedP95Ms.toFixed(0),
    signed(check.error),
  ]);
  return [
    'p95 under load, by simulation of the same arrivals:',
    table([{ heading: 'measurement' }, ...columns], rows),
    summary(checks.map(({ error }) => error)),
  ].join('\n');
}

function fitText(checks: readonly FitCheck[]): string {
  if (checks.length === 0) return 'No measurement has several sizes of query.';
  const fitted = table(
    [{ heading: 'measurement' }, ...['request', 'batch', 'pair', '1,000 tokens'].map(right)],
    checks.map((check) => [
      check.measurement,
      ...[check.requestMs, check.batchMs, check.pairMs, check.per1kTokensMs].map((ms) => ms.toFixed(2)),
    ]),
  );
  const left = checks.flatMap(({ measurement, residuals }) =>
    residuals.map(({ documents, concurrency, measuredPerSecond, fittedPerSecond, error }) => [
      measurement,
      String(documents),
      String(concurrency),
      measuredPerSecond.toPrecision(3),
      fittedPerSecond.toPrecision(3),
      signed(error),
    ]),
  );
  return [
    'Milliseconds that a request costs, fitted over sizes of query:',
    fitted,
    '',
    'What the fit leaves over, in queries a second:',
    table(
      [{ heading: 'measurement' }, ...['documents', 'in flight', 'measured', 'fitted', 'error'].map(right)],
      left,
    ),
    summary(checks.flatMap(({ residuals }) => residuals.map(({ error }) => error))),
  ].join('\n');
}

function processorText(checks: readonly ProcessorCheck[]): string {
  if (checks.length === 0) return 'All measurements are of one processor: none can test another.';
  const rows = checks.map(({ measurement, from, measuredTokensPerSecond, estimated, error, within }) => [
    measurement,
    from,
    measuredTokensPerSecond.toFixed(0),
    `${estimated.value.toFixed(0)} [${estimated.low.toFixed(0)} - ${estimated.high.toFixed(0)}]`,
    signed(error),
    within ? 'yes' : 'no',
  ]);
  return [
    'Tokens a second, estimated from other processors alone:',
    table(
      [
        { heading: 'measurement' },
        { heading: 'from' },
        ...['measured', 'estimated', 'error'].map(right),
        { heading: 'in its interval' },
      ],
      rows,
    ),
    `${checks.filter(({ within }) => within).length} of ${checks.length} lie within their interval.`,
  ].join('\n');
}

function summary(all: readonly number[]): string {
  const errors = [...all].sort((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const half = percent(sizes[(sizes.length - 1) >> 1]!);
  return `${errors.length} steps: errors from ${signed(errors[0]!)} to ${signed(errors.at(-1)!)}, half of them within ${half}.`;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const signed = (share: number): string => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`;
