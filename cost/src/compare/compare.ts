import { instanceType, instanceTypes } from '../hardware/instance-types.js';
import { describeMeasurement } from '../model/throughput.js';
import { refresh, type PriceBook } from '../price-book/book.js';
import type { AcceleratorRow, Comparison, HostingOption, Measurement, Question } from '../types.js';
import { HOURS_PER_MONTH, LOG_BYTES_PER_QUERY, STORAGE_GB } from './assumptions.js';
import { costCurves } from './curves.js';
import { estimated } from './figures.js';
import { INSTANCE_MODES, instanceOption } from './instance-options.js';
import { memoryBilled } from './memory-billed.js';
import { checkQuestion } from './question.js';
import { cheapestFirst, isPricedIn } from './ranking.js';
import { defaultNote } from './recommended.js';
import { serverlessOptions } from './serverless-options.js';
import { serviceOptions } from './services.js';

export interface CompareOptions {
  readonly book: PriceBook;
  /** What the estimates are calibrated on, and what replaces them. */
  readonly measurements: readonly Measurement[];
  /** Instance types to compare; by default every CPU type with a price in the region, or in another one. */
  readonly instanceTypes?: readonly string[];
  /** When the comparison is made; now by default. */
  readonly date?: Date;
}

/**
 * Which hosting and instance type is cheapest for the question, and what every alternative costs.
 * @throws CostError for a question that makes no sense, an unknown instance type, or without a measurement.
 */
export function compare(asked: Question, options: CompareOptions): Comparison {
  const question = checkQuestion(asked);
  const { book, measurements, date = new Date() } = options;
  const { region } = question;
  const hosting = new Set(instanceTypes().map(({ name }) => name));
  const types =
    options.instanceTypes ?? [...hosting].filter((name) => book.usdPerInstanceHourOrStandIn(name, region));
  for (const name of types) instanceType(name);
  const found = [
    ...types.flatMap((type) =>
      INSTANCE_MODES.map((mode) => instanceOption(question, mode, type, book, measurements)),
    ),
    ...serverlessOptions(question, book, measurements),
  ];
  const rows = markFrontier(found.sort(cheapestFirst(region)), region);
  const services = serviceOptions(question, book);
  return {
    format: 3,
    date: date.toISOString(),
    question,
    priceBook: { date: book.dateOf(region), description: book.describe(region) },
    calibration: measurements.map(describeMeasurement),
    cheapest: rows.find((option) => option.meetsTarget && isPricedIn(option, region))?.id ?? null,
    options: rows,
    services,
    memoryBilled: memoryBilled(question, book, measurements),
    accelerators: accelerators(question, book),
    curves: costCurves(question, rows, services, book, measurements),
    gaps: gaps(question, types, options, [...hosting]),
    notes: [...notes(question), defaultNote(question, rows)],
  };
}

function notes({ savingsPlan, total, zones = 1 }: Question): string[] {
  const prices = savingsPlan
    ? `prices with a savings plan of ${savingsPlan === '1yr' ? 'one year' : 'three years'} without payment in advance, for modes whose instances stay; free tiers are left out`
    : 'on-demand prices without free tiers and savings plans';
  return [
    `a month has ${HOURS_PER_MONTH} hours; ${prices}`,
    'p95: Poisson arrivals; at most 85 % of the capacity is planned with',
    'while there is no traffic, real-time and multi-model endpoints are scaled to their least number of instances; asynchronous endpoints and inference components to none',
    ...(zones > 1
      ? [`instances are spread over ${zones} zones, and the target holds with one of them lost`]
      : []),
    total
      ? `counted: ${STORAGE_GB.value} GB of storage an instance, ${LOG_BYTES_PER_QUERY} bytes of log a query, data in, traffic between zones; not counted: requests to S3, and what calls the endpoint`
      : 'not counted: endpoint storage, logs, requests to S3, data of real-time endpoints, cross-zone traffic (--total counts them), and what calls the endpoint',
  ];
}

/** What people ask about beside CPUs: the smallest instances with a GPU or an Inferentia chip. */
const ACCELERATED = ['ml.g4dn.xlarge', 'ml.g5.xlarge', 'ml.g6.xlarge', 'ml.inf2.xlarge'];

function accelerators({ region }: Question, book: PriceBook): AcceleratorRow[] {
  return ACCELERATED.flatMap((name) => {
    const price = book.usdPerInstanceHourOrStandIn(name, region);
    if (!price) return [];
    const { value, low, high, source } = price.usd;
    const month = (usd: number | undefined): number | undefined => usd && usd * HOURS_PER_MONTH;
    const usdPerMonth = estimated(
      value * HOURS_PER_MONTH,
      `${value} USD an hour (${source}) x ${HOURS_PER_MONTH}`,
      month(low),
      month(high),
    );
    return [{ instanceType: name, priceRegion: price.region, usdPerMonth }];
  });
}

/** Marks the options with a price of the region that no other such beats in cost and latency; `options` are cheapest first. */
function markFrontier(options: readonly HostingOption[], region: string): HostingOption[] {
  let fastest = Infinity;
  return options.map((option) => {
    const p95 = option.p95Ms?.value ?? Infinity;
    const onFrontier = option.meetsTarget && isPricedIn(option, region) && p95 < fastest;
    if (onFrontier) fastest = p95;
    return { ...option, onFrontier };
  });
}

function gaps(
  { region, savingsPlan }: Question,
  types: readonly string[],
  { book, instanceTypes: asked }: CompareOptions,
  hosting: readonly string[],
): string[] {
  const fetching = `\`${refresh(region)}\` fetches what AWS lists, without an account`;
  const all = asked ? types : hosting;
  const found: string[] = [];
  const standIns = new Map<string, string[]>();
  for (const name of all) {
    const price = book.usdPerInstanceHourOrStandIn(name, region);
    if (price?.region === region) continue;
    const from = price?.region ?? '';
    standIns.set(from, [...(standIns.get(from) ?? []), name]);
  }
  for (const [from, names] of standIns) {
    const instead = from === '' ? '' : `the prices of ${from} stand in for them; `;
    found.push(
      `no hosting price in ${region} for ${names.length} instance types: ${byFamily(names)}; ${instead}${fetching}`,
    );
  }
  const serverless = book.usdPerServerlessSecondOrStandIn(1024, region);
  if (serverless?.region !== region)
    found.push(
      `no serverless price in ${region}; ${serverless ? `that of ${serverless.region} stands in for it; ` : ''}${fetching}`,
    );
  if (
    savingsPlan &&
    book.usdPerInstanceHourWithPlan(all[0]!, region, savingsPlan)?.usd.basis !== 'list price'
  )
    found.push(
      `no rates of savings plans in ${region}: costs are on demand, their low ends with the greatest discount; ${fetching}`,
    );
  return [...found, ...book.gaps()];
}

/** `ml.c4 (all sizes), ml.c5 (18xlarge)` */
function byFamily(names: readonly string[]): string {
  const types = names.map(instanceType);
  return [...new Set(types.map(({ family }) => family))]
    .map((family) => {
      const sizes = types.filter((type) => type.family === family).map(({ name }) => name.split('.')[2]);
      const all = instanceTypes().filter((type) => type.family === family).length;
      return `ml.${family} (${sizes.length === all ? 'all sizes' : sizes.join(', ')})`;
    })
    .join(', ');
}
