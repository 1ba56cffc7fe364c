import { Command, InvalidArgumentError, Option } from 'commander';
import {
  comparisonCsv,
  type Comparison,
  CostError,
  type Duty,
  type Precision,
  compare,
  openPriceBook,
  parseDuty,
  readMeasurements,
  shippedMeasurements,
  writeWhole,
} from '@sagemaker-reranker/cost';
import { UsageError, type VariantId } from '@sagemaker-reranker/models';
import { comparisonText } from '../cost-text.js';

interface Options {
  readonly variant: VariantId;
  readonly precision: Precision;
  readonly region: string;
  readonly queriesPerSecond: number;
  readonly documents: number;
  readonly tokens: number;
  readonly p95: number;
  readonly duty: Duty;
  readonly instanceTypes?: readonly string[];
  readonly measurements?: string;
  readonly rows: number;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly html?: string;
}

/** `reranker cost compare`: the cheapest hosting for a traffic, and what each alternative costs. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('Which hosting and instance type is cheapest for a traffic at a latency.')
    .requiredOption('--variant <id>', 'base, turbo, tiny or embedded')
    .addOption(
      new Option('--precision <precision>', 'of weights and products')
        .choices(['fp32', 'int8'])
        .default('int8'),
    )
    .requiredOption('--queries-per-second <number>', 'mean rate while there is traffic', positive)
    .requiredOption('--documents <number>', 'documents a query', positive)
    .requiredOption(
      '--tokens <number>',
      'mean tokens of a pair: query, document and special tokens',
      positive,
    )
    .requiredOption(
      '--p95 <duration>',
      'latency that 95 % of the queries stay under, as 300ms or 2s',
      milliseconds,
    )
    .option('--region <region>', 'AWS region', 'us-east-1')
    .option(
      '--duty <duty>',
      'when there is traffic: always, business-hours, burst, or HOURSh/STARTS a month, as 40h/20',
      duty,
      parseDuty('always'),
    )
    .option('--instance-types <list>', 'only these, separated by commas', list)
    .option(
      '--measurements <place>',
      'a measurement or a folder of them, beside those that ship with the package',
    )
    .option('--rows <number>', 'rows of each part of the table; 0 for all', rows, 15)
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--html <file>', 'write a page with charts')
    .action(async (options: Options) => {
      if (options.json && options.csv) throw new UsageError('--json and --csv exclude each other');
      const comparison = run(options);
      if (options.html) {
        // The chart library is loaded by those who draw charts alone.
        const { renderHtml } = await import('@sagemaker-reranker/cost/report');
        await writeWhole(options.html, renderHtml(comparison));
      }
      process.stdout.write(output(comparison, options));
    });
}

function run(options: Options): Comparison {
  const { variant, precision, region, queriesPerSecond, duty: when } = options;
  const own = options.measurements ? readMeasurements(options.measurements) : [];
  return compare(
    {
      variant,
      precision,
      region,
      queriesPerSecond,
      documentsPerQuery: options.documents,
      tokensPerPair: options.tokens,
      p95Ms: options.p95,
      duty: when,
    },
    {
      book: openPriceBook(),
      measurements: [...shippedMeasurements(), ...own],
      ...(options.instanceTypes && { instanceTypes: options.instanceTypes }),
    },
  );
}

function output(comparison: Comparison, options: Options): string {
  if (options.json) return `${JSON.stringify(comparison, null, 2)}\n`;
  if (options.csv) return comparisonCsv(comparison);
  return `${comparisonText(comparison, options.rows)}\n`;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('it must be a number above 0');
  return value;
}

function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (!match || Number(match[1]) <= 0)
    throw new InvalidArgumentError('it must be a duration above 0 with its unit, as 300ms or 2s');
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
}

function rows(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number, 0 for all');
  return Number(text) || Infinity;
}

function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('it must be names separated by commas');
  return names;
}

function duty(text: string): Duty {
  try {
    return parseDuty(text);
  } catch (error) {
    if (error instanceof CostError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
