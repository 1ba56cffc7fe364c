import { instanceType, instanceTypes } from '../hardware/instance-types.js';
import { describeMeasurement } from '../model/throughput.js';
import type { PriceBook } from '../price-book/book.js';
import type { Comparison, HostingOption, Measurement, Question } from '../types.js';
import { costCurves } from './curves.js';
import { INSTANCE_MODES, instanceOption } from './instance-options.js';
import { memoryBilled } from './memory-billed.js';
import { checkQuestion } from './question.js';
import { serverlessOptions } from './serverless-options.js';
import { serviceOptions } from './services.js';

export interface CompareOptions {
  readonly book: PriceBook;
  /** What the estimates are calibrated on, and what replaces them. */
  readonly measurements: readonly Measurement[];
  /** Instance types to compare; by default every CPU type with a price in the region. */
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
  const listed = book.list(region).filter(({ instanceType: name }) => hosting.has(name));
  const types = options.instanceTypes ?? listed.map(({ instanceType: name }) => name);
  for (const name of types) instanceType(name);
  const found = [
    ...types.flatMap((type) =>
      INSTANCE_MODES.map((mode) => instanceOption(question, mode, type, book, measurements)),
    ),
    ...serverlessOptions(question, book, measurements),
  ];
  const rows = markFrontier(found.sort(cheapestFirst));
  const services = serviceOptions(question, book);
  return {
    format: 1,
    date: date.toISOString(),
    question,
    priceBook: { date: book.dateOf(region), description: book.describe(region) },
    calibration: measurements.map(describeMeasurement),
    options: rows,
    services,
    memoryBilled: memoryBilled(question, book, measurements),
    curves: costCurves(question, rows, services, book, measurements),
    gaps: gaps(question, types, options, [...hosting]),
    notes: [
      'a month has 730 hours; on-demand prices without free tiers and savings plans',
      'p95: Poisson arrivals; at most 85 % of the capacity is planned with',
      'while there is no traffic, real-time and multi-model endpoints are scaled to one instance; asynchronous endpoints and inference components to none',
      'not counted: endpoint storage, logs, requests to S3, cross-zone traffic, and what calls the endpoint',
    ],
  };
}

/**
 * Those that meet the target by cost, a missing price last, and of equal cost the faster first; then the others, the nearest to
 * the target first, and of equally near the cheaper.
 */
function cheapestFirst(a: HostingOption, b: HostingOption): number {
  if (a.meetsTarget !== b.meetsTarget) return a.meetsTarget ? -1 : 1;
  const value = (figure: HostingOption['p95Ms']): number => figure?.value ?? Number.MAX_VALUE;
  const cost = value(a.usdPerMonth) - value(b.usdPerMonth);
  const latency = value(a.p95Ms) - value(b.p95Ms);
  return a.meetsTarget ? cost || latency : latency || cost;
}

/** Marks the options that no other one beats in both cost and latency; `options` are cheapest first. */
function markFrontier(options: readonly HostingOption[]): HostingOption[] {
  let fastest = Infinity;
  return options.map((option) => {
    const p95 = option.p95Ms?.value ?? Infinity;
    const onFrontier = option.meetsTarget && option.usdPerMonth !== null && p95 < fastest;
    if (onFrontier) fastest = p95;
    return { ...option, onFrontier };
  });
}

function gaps(
  { region }: Question,
  types: readonly string[],
  { book, instanceTypes: asked }: CompareOptions,
  hosting: readonly string[],
): string[] {
  const refresh = `\`reranker cost prices --region ${region} --refresh\` fetches what AWS lists`;
  const unpriced = (asked ? types : hosting).filter((name) => !book.usdPerInstanceHour(name, region));
  const found: string[] = [];
  if (unpriced.length > 0)
    found.push(
      `no hosting price in ${region} for ${unpriced.length} instance types: ${byFamily(unpriced)}; ${refresh}`,
    );
  if (!book.usdPerServerlessSecond(1024, region)) found.push(`no serverless price in ${region}; ${refresh}`);
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
