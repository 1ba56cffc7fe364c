import type { EventEmitter } from 'node:events';
import { InvalidArgumentError, Option } from 'commander';
import {
  type Comparison,
  CostError,
  type Duty,
  type Precision,
  type Question,
  SAVINGS_PLANS,
  type SavingsPlan,
  compare,
  modelOfVariant,
  openPriceBook,
  parseDuty,
  parseProfile,
  readMeasurements,
  shippedMeasurements,
  trafficOf,
  writeWhole,
} from '@sagemaker-reranker/cost';
import { comparisonCsv, comparisonMarkdown, renderHtml } from '@sagemaker-reranker/cost/report';
import { UsageError, directoryFigures } from '@sagemaker-reranker/models';
import { comparisonText, sideBySideText } from '../cost-text.js';
import { Command } from '../command.js';
import { milliseconds, names, positive } from '../options.js';
import { json as toJson, print } from '../terminal/out.js';

interface Options {
  readonly link?: string;
  readonly variant?: readonly string[];
  readonly model?: readonly string[];
  readonly precision?: Precision;
  readonly region: string;
  readonly queriesPerSecond?: readonly number[];
  readonly profile?: number[];
  readonly documents?: number;
  readonly tokens?: number;
  readonly sample?: string;
  readonly p95?: number;
  readonly duty: Duty;
  readonly minInstances?: number;
  readonly zones?: number;
  readonly savingsPlan?: SavingsPlan;
  readonly total?: boolean;
  readonly instanceTypes?: readonly string[];
  readonly measurements?: string;
  readonly rows: number;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly markdown?: boolean;
  readonly html?: string;
}

/** `reranker cost compare`: the cheapest hosting for a traffic, and what each alternative costs. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('Which hosting and instance type is cheapest for a traffic at a latency.')
    .option(
      '--variant <list>',
      'variants as `models list` names them; several, separated by commas, side by side',
      names,
    )
    .option('--model <list>', 'model directories instead, or beside them, separated by commas', names)
    .addOption(
      new Option(
        '--precision <precision>',
        'of the weights and products of --variant; default: int8',
      ).choices(['fp32', 'int8']),
    )
    .option(
      '--queries-per-second <list>',
      'mean rate while there is traffic; several, separated by commas, side by side',
      positives,
    )
    .option('--profile <list>', 'rates of the 24 hours of a day instead, separated by commas', profile)
    .option('--documents <number>', 'documents a query', positive)
    .option('--tokens <number>', 'mean tokens of a pair: query, document and special tokens', positive)
    .option(
      '--sample <file>',
      'queries of yours instead of --documents and --tokens: a JSON object with query and documents on each line',
    )
    .option('--p95 <duration>', 'latency that 95 % of the queries stay under, as 300ms or 2s', milliseconds)
    .option('--region <region>', 'AWS region', 'us-east-1')
    .addOption(
      new Option(
        '--duty <duty>',
        'when there is traffic: always, business-hours, burst, or HOURSh/STARTS a month, as 40h/20',
      )
        .argParser(duty)
        .default(parseDuty('always'), 'always'),
    )
    .option('--min-instances <number>', 'instances that are kept whatever the load', positive)
    .option('--zones <number>', 'zones to spread over, so that the target holds with one lost', positive)
    .addOption(
      new Option('--savings-plan <term>', 'prices with a savings plan, no upfront').choices(SAVINGS_PLANS),
    )
    .option('--total', 'count storage, logs, data and cross-zone traffic, too')
    .option('--instance-types <list>', 'only these, separated by commas', names)
    .option(
      '--measurements <place>',
      'a measurement or a folder of them, beside those that ship with the package',
    )
    .option('--link <url>', "the question of a page's link, instead of options")
    .option('--rows <number>', 'rows of each part of the table; 0 for all', rows, 15)
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--markdown', 'print Markdown for a ticket')
    .option('--html <file>', 'write a page with charts')
    .action(async (given: Options, command: Command) => {
      if ([given.json, given.csv, given.markdown].filter(Boolean).length > 1)
        throw new UsageError('--json, --csv and --markdown exclude each other');
      const options = given.link === undefined ? given : linked(command, given.link);
      const questions = await questionsOf(options);
      const own = options.measurements ? readMeasurements(options.measurements) : [];
      const measurements = [...shippedMeasurements(), ...own];
      const book = openPriceBook();
      const comparisons = questions.map((question) =>
        compare(question, { book, measurements, instanceTypes: options.instanceTypes }),
      );
      if (options.html) await writeWhole(options.html, await renderHtml(comparisons));
      print(output(comparisons, options).trimEnd());
    });
}

/** The options that a link carries, as if they had been given. Others on the command line stay. */
function linked(command: Command, link: string): Options {
  const fragment = link.slice(link.indexOf('#') + 1);
  for (const [name, value] of new URLSearchParams(fragment)) {
    const option = command.options.find(({ long }) => long === `--${name}`);
    if (!option) throw new UsageError(`--link carries ${name}=${value}, which is no option of this command`);
    const key = option.attributeName();
    if (command.getOptionValueSource(key) === 'cli') continue;
    // Commander reads it as it reads the command line: choices and limits hold for it.
    (command as unknown as EventEmitter).emit(`option:${option.name()}`, option.isBoolean() ? null : value);
  }
  return command.opts<Options>();
}

async function questionsOf(options: Options): Promise<Question[]> {
  const { variant: variants = [], model: directories = [], precision } = options;
  const { queriesPerSecond = [], profile: hours, sample, p95 } = options;
  // The tokenizer is loaded by those who count with it alone.
  const counted =
    sample === undefined
      ? undefined
      : await (await import('./cost-sample.js')).readSample(sample, directories[0]);
  const { documents = counted?.documents, tokens = counted?.tokens } = options;
  const missing = [
    variants.length + directories.length > 0 ? [] : '--variant or --model',
    queriesPerSecond.length > 0 || hours ? [] : '--queries-per-second or --profile',
    documents === undefined ? '--documents or --sample' : [],
    tokens === undefined ? '--tokens or --sample' : [],
    p95 === undefined ? '--p95' : [],
  ].flat();
  if (missing.length > 0) throw new UsageError(`missing: ${missing.join(', ')}`);
  if (hours && queriesPerSecond.length > 0)
    throw new UsageError('--profile says the rates of a day: leave --queries-per-second out');
  const rates: readonly Pick<Question, 'queriesPerSecond' | 'duty' | 'profile'>[] = hours
    ? [trafficOf(hours)]
    : queriesPerSecond.map((rate) => ({ queriesPerSecond: rate, duty: options.duty }));
  if (precision !== undefined && variants.length === 0)
    throw new UsageError('--precision is of --variant; a model directory has its own: leave it out');
  const models: Pick<Question, 'model' | 'modelDirectory'>[] = [
    ...variants.map((name) => ({ model: modelOfVariant(name, precision ?? 'int8') })),
    ...(await Promise.all(
      directories.map(async (modelDirectory) => ({
        model: await directoryFigures(modelDirectory),
        modelDirectory,
      })),
    )),
  ];
  const { region, minInstances, zones, savingsPlan, total } = options;
  return models.flatMap((model) =>
    rates.map((traffic) => ({
      ...model,
      region,
      ...traffic,
      documentsPerQuery: documents!,
      tokensPerPair: tokens!,
      pairTokens: counted?.pairTokens,
      p95Ms: p95!,
      minInstances,
      zones,
      savingsPlan,
      total,
    })),
  );
}

function output(comparisons: readonly Comparison[], { json, csv, markdown, rows: most }: Options): string {
  if (json) return toJson(comparisons.length === 1 ? comparisons[0] : comparisons);
  if (csv) return comparisonCsv(comparisons);
  if (markdown) return comparisonMarkdown(comparisons);
  const each = comparisons.map((comparison) => comparisonText(comparison, most));
  return `${[...(each.length > 1 ? [sideBySideText(comparisons)] : []), ...each].join('\n\n')}\n`;
}

const positives = (text: string): number[] => names(text).map(positive);

function rows(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number, 0 for all');
  return Number(text) || Infinity;
}

/** A parse whose refusal is one of the option. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof CostError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

const duty = checked(parseDuty);
const profile = checked(parseProfile);
