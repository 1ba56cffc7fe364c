import { SERVERLESS_MEMORY_MB, memoryHeadroom } from '../model/memory.js';
import { tokensPerSecond } from '../model/throughput.js';
import type { PriceBook } from '../price-book/book.js';
import type { HostingOption, Measurement, Question } from '../types.js';
import {
  BYTES_PER_TOKEN,
  MOST_CONCURRENCY,
  SERVERLESS_KEPT_SECONDS,
  SERVERLESS_PROCESSES,
  SERVERLESS_ROUTE_SECONDS,
  SERVERLESS_START_SECONDS,
} from './assumptions.js';
import { duration, estimated, highOf, lowOf } from './figures.js';
import { aloneP95, loadOf, type Load } from './fleet.js';
import { gbPerMonth, perMillion } from './instance-options.js';
import { queriesPerMonth } from './question.js';

/** Payload of a serverless request (SageMaker quota). */
const MOST_BYTES = 4 * 1024 * 1024;
/** Time that SageMaker gives a request. */
const MOST_SECONDS = 60;

/** Serverless hosting at every memory size. */
export function serverlessOptions(
  question: Question,
  book: PriceBook,
  measurements: readonly Measurement[],
): HostingOption[] {
  return SERVERLESS_MEMORY_MB.map((memoryMb) => serverlessOption(question, memoryMb, book, measurements));
}

function serverlessOption(
  question: Question,
  memoryMb: number,
  book: PriceBook,
  measurements: readonly Measurement[],
): HostingOption {
  const { name, precision } = question.model;
  const load = loadOf(question, SERVERLESS_ROUTE_SECONDS.value, measurements, SERVERLESS_PROCESSES);
  const capacity = tokensPerSecond(question, { serverlessMb: memoryMb }, measurements);
  const headroom = memoryHeadroom({ serverlessMb: memoryMb }, [question.model]);
  const seconds = (rate: number): number => (load.tokensPerQuery / rate) * load.queue.alone;
  const executions = (rate: number): number => concurrency(question.queriesPerSecond * seconds(rate));
  const needed = executions(capacity.value);
  const cold = coldShare(question, needed);
  const start = cold > 0.05 ? SERVERLESS_START_SECONDS : { value: 0, low: 0, high: 0 };
  const p95 = start.value + aloneP95(load, capacity.value);
  const reasons: string[] = [];
  if (headroom.value < 0)
    reasons.push(`memory: ${name} ${precision} needs ${-headroom.value} MiB more than ${memoryMb} MB`);
  if (p95 > load.targetSeconds) reasons.push(latency(question, load, p95, start.value, cold));
  if (needed > MOST_CONCURRENCY)
    reasons.push(
      `load: ${needed} concurrent executions are needed; an endpoint has at most ${MOST_CONCURRENCY}`,
    );
  if (seconds(capacity.value) > MOST_SECONDS)
    reasons.push(
      `time: a query takes ${duration(seconds(capacity.value))}; SageMaker gives it ${MOST_SECONDS} s`,
    );
  const bytes = load.tokensPerQuery * BYTES_PER_TOKEN;
  if (bytes > MOST_BYTES)
    reasons.push(`payload: about ${(bytes / 2 ** 20).toFixed(1)} MiB a query; serverless takes 4 MiB`);
  const listed = book.usdPerServerlessSecondOrStandIn(memoryMb, question.region);
  const price = listed?.usd;
  const gb = gbPerMonth(question);
  const data = book.usdPerProcessedGb(question.region);
  const usd = (rate: number, perGb: number, perSecond: number): number =>
    queriesPerMonth(question) * seconds(rate) * perSecond + gb * perGb;
  const cost = price
    ? estimated(
        usd(capacity.value, data.value, price.value),
        `${price.value} USD a second (${price.basis}: ${price.source}) x seconds of scoring, and data in`,
        usd(highOf(capacity), lowOf(data), lowOf(price)),
        usd(lowOf(capacity), highOf(data), highOf(price)),
      )
    : null;
  return {
    id: `serverless/${memoryMb}/${name}`,
    label: `serverless ${memoryMb} MB`,
    hosting: 'serverless',
    model: name,
    precision,
    instanceType: null,
    memoryMb,
    instances: estimated(
      needed,
      'concurrent executions: offered load and three standard deviations of a Poisson number',
      executions(highOf(capacity)),
      executions(lowOf(capacity)),
    ),
    utilisation: null,
    capacityTokensPerSecond: capacity,
    p95Ms: estimated(
      p95 * 1000,
      'service time alone (an execution has one request at a time), plus route and cold starts',
      (start.low + aloneP95(load, highOf(capacity))) * 1000,
      (start.high + aloneP95(load, lowOf(capacity))) * 1000,
    ),
    usdPerMonth: cost,
    usdPerMillionDocuments: cost && perMillion(cost, question),
    priceRegion: listed?.region ?? null,
    memoryHeadroomMib: headroom,
    meetsTarget: reasons.length === 0,
    reasons,
    notes: [
      `about ${percent(cold)} of the queries meet a cold start of ${duration(SERVERLESS_START_SECONDS.value)}`,
      'processor and vCPUs are not published: the interval is wide until an endpoint is measured',
    ],
    onFrontier: false,
  };
}

/** Executions that are enough for all but a thousandth of the time: a Poisson number's mean and three deviations. */
function concurrency(offered: number): number {
  return Math.max(1, Math.ceil(offered + 3 * Math.sqrt(offered)));
}

/** Share of the queries that start an execution: those after a long pause, and the first ones of a stretch. */
function coldShare(question: Question, executions: number): number {
  const alone = Math.exp(-question.queriesPerSecond * SERVERLESS_KEPT_SECONDS);
  const first = (Math.max(1, question.duty.startsPerMonth) * executions) / queriesPerMonth(question);
  return Math.min(1, alone + first);
}

function latency(question: Question, load: Load, p95: number, start: number, cold: number): string {
  const left = load.targetSeconds - load.routeSeconds - start;
  if (left <= 0) {
    return start > 0
      ? `cold starts: ${percent(cold)} of the queries wait ${duration(start)} for one; at most 5 % may`
      : `latency: the way to the container and back alone takes ${duration(load.routeSeconds)}; the target must be above it`;
  }
  const documents = Math.floor((question.documentsPerQuery * left) / (p95 - start - load.routeSeconds));
  const needs = documents >= 1 ? `at most ${documents} documents a query or ` : '';
  return `latency: a query takes ${duration(p95)}; the target needs ${needs}an instance with more vCPUs`;
}

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;
