import { instanceType, processorOf, type InstanceType } from '../hardware/instance-types.js';
import { containerMemoryMib, memoryHeadroom, processesOn } from '../model/memory.js';
import { tokensPerSecond } from '../model/throughput.js';
import type { PriceBook } from '../price-book/book.js';
import type { Figure, HostingMode, HostingOption, Measurement, Question } from '../types.js';
import {
  ASYNCHRONOUS_SECONDS,
  BASELINE_SHARE,
  BYTES_PER_TOKEN,
  HOURS_PER_MONTH,
  IDLE_SECONDS,
  INSTANCE_START_SECONDS,
  LOG_BYTES_PER_QUERY,
  MOST_INSTANCES,
  ROUTE_SECONDS,
  STORAGE_GB,
} from './assumptions.js';
import { duration, estimated, highOf, lowOf } from './figures.js';
import { aloneP95, fleetOf, loadOf, smallestFleet, type Fleet, type Load } from './fleet.js';
import { documentsPerMonth, levelsOf, queriesPerMonth } from './question.js';

const { ceil, floor, max, min } = Math;

type InstanceMode = Exclude<HostingMode, 'serverless'>;
export const INSTANCE_MODES: readonly InstanceMode[] = [
  'real-time',
  'asynchronous',
  'multi-model',
  'inference-components',
];

/** Modes whose instances go away while there is no traffic. */
const SCALES_TO_ZERO: ReadonlySet<InstanceMode> = new Set(['asynchronous', 'inference-components']);

/** Fleets of each level of the traffic, at the value and at both ends of the capacity. */
interface Fleets {
  readonly value: readonly Fleet[];
  readonly fast: readonly Fleet[];
  readonly slow: readonly Fleet[];
}

/** A hosting mode on an instance type, sized for the question. */
export function instanceOption(
  question: Question,
  mode: InstanceMode,
  typeName: string,
  book: PriceBook,
  measurements: readonly Measurement[],
): HostingOption {
  const type = instanceType(typeName);
  const { model } = question;
  const route = mode === 'asynchronous' ? ASYNCHRONOUS_SECONDS.value : ROUTE_SECONDS.value;
  const load = loadOf(question, route, measurements, processesOn(model, type));
  const capacity = tokensPerSecond(question, { instance: type }, measurements);
  const levels = levelsOf(question);
  const sized = (rate: number): Fleet[] =>
    levels.map(({ queriesPerSecond }) => smallestFleet({ ...load, queriesPerSecond }, rate));
  const fleets = {
    value: sized(capacity.value),
    fast: sized(highOf(capacity)),
    slow: sized(lowOf(capacity)),
  };
  const fleet = largest(fleets.value);
  const considered = fleet.instances <= MOST_INSTANCES;
  const p95At = (rate: number): number =>
    considered ? fleetOf(load, rate, fleet.instances).p95Seconds : Infinity;
  const slower = p95At(lowOf(capacity));
  const faster = p95At(highOf(capacity));
  const headroom = memoryHeadroom(type, [model]);
  const start = startShare(question, mode);
  const waitsForStart = start > 0.05;
  const p95 = waitsForStart ? INSTANCE_START_SECONDS.value : fleet.p95Seconds;
  const reasons = [
    ...memoryReason(question, headroom),
    ...latencyReason(question, type, load, capacity, fleet),
    ...startReason(question, start, waitsForStart),
    ...creditReason(question, type, fleet),
  ];
  const price =
    question.savingsPlan && !SCALES_TO_ZERO.has(mode)
      ? book.usdPerInstanceHourWithPlan(typeName, question.region, question.savingsPlan)
      : book.usdPerInstanceHourOrStandIn(typeName, question.region);
  const cost = price && considered ? monthlyCost(question, mode, type, price.usd, book, fleets) : null;
  return {
    id: `${mode}/${typeName}/${model.name}`,
    label: `${mode} ${typeName}`,
    hosting: mode,
    model: model.name,
    precision: model.precision,
    instanceType: typeName,
    memoryMb: null,
    instances: considered
      ? estimated(
          fleet.instances,
          'fewest instances whose simulated p95 meets the target at 85 % utilisation or less',
          largest(fleets.fast).instances,
          largest(fleets.slow).instances,
        )
      : null,
    utilisation: considered ? estimated(fleet.utilisation, 'offered tokens ÷ capacity') : null,
    capacityTokensPerSecond: capacity,
    p95Ms: Number.isFinite(p95)
      ? estimated(
          p95 * 1000,
          "simulation of the engine's planner under Poisson arrivals, plus route",
          faster * 1000,
          waitsForStart ? INSTANCE_START_SECONDS.high * 1000 : slower * 1000,
        )
      : null,
    usdPerMonth: cost,
    usdPerMillionDocuments: cost && perMillion(cost, question),
    priceRegion: price?.region ?? null,
    memoryHeadroomMib: headroom,
    meetsTarget: reasons.length === 0,
    reasons,
    notes: notes(question, mode, type, fleets, load, capacity, start),
    onFrontier: false,
  };
}

const largest = (fleets: readonly Fleet[]): Fleet =>
  fleets.reduce((most, each) => (each.instances > most.instances ? each : most));

/** USD of the month as USD of a million documents. */
export function perMillion(cost: Figure, question: Question): Figure {
  const documents = documentsPerMonth(question) / 1e6;
  return estimated(
    cost.value / documents,
    'USD a month ÷ documents a month',
    lowOf(cost) / documents,
    highOf(cost) / documents,
  );
}

/** GB that go into an endpoint in a month. */
export function gbPerMonth(question: Question): number {
  return (documentsPerMonth(question) * question.tokensPerPair * BYTES_PER_TOKEN) / 1e9;
}

/** Share of the queries that meet an endpoint without an instance. */
function startShare({ duty, minInstances }: Question, mode: InstanceMode): number {
  if (!SCALES_TO_ZERO.has(mode) || minInstances !== undefined) return 0;
  return min(1, (duty.startsPerMonth * INSTANCE_START_SECONDS.value) / (duty.hoursPerMonth * 3600));
}

function monthlyCost(
  question: Question,
  mode: InstanceMode,
  type: InstanceType,
  price: Figure,
  book: PriceBook,
  fleets: Fleets,
): Figure {
  const hours = (all: readonly Fleet[]): number => instanceHours(question, mode, type, all);
  const beside = (all: readonly Fleet[]): Figure => costBeside(question, mode, hours(all), book);
  const [value, fast, slow] = [beside(fleets.value), beside(fleets.fast), beside(fleets.slow)];
  return estimated(
    price.value * hours(fleets.value) + value.value,
    `${price.value} USD an hour (${price.basis}: ${price.source}) x ${Math.round(hours(fleets.value))} instance hours${question.total ? '; storage, logs, data and cross-zone traffic' : ''}`,
    lowOf(price) * hours(fleets.fast) + lowOf(fast),
    fleets.slow.every(({ meets }) => meets) ? highOf(price) * hours(fleets.slow) + highOf(slow) : undefined,
  );
}

/** What is billed beside the instances: data of asynchronous endpoints, and for a total everything else that is known. */
function costBeside(question: Question, mode: InstanceMode, hours: number, book: PriceBook): Figure {
  const { region, total, zones = 1 } = question;
  const gb = gbPerMonth(question);
  const data = book.usdPerProcessedGb(region);
  if (!total) {
    const counted = mode === 'asynchronous' ? gb : 0;
    return estimated(data.value * counted, data.source, lowOf(data) * counted, highOf(data) * counted);
  }
  const months = hours / HOURS_PER_MONTH;
  const storage = book.usdPerStorageGbMonth(region);
  const logs = (book.usdPerGb('logs').value * queriesPerMonth(question) * LOG_BYTES_PER_QUERY) / 1e9;
  // Of the queries, those that go to an instance in another zone than the caller's.
  const crossing = (book.usdPerGb('crossZone').value * 2 * gb * (zones - 1)) / zones;
  const sum = (end: (figure: Figure) => number, size: number): number =>
    end(data) * gb + end(storage) * size * months + logs + crossing;
  return estimated(
    sum(({ value }) => value, STORAGE_GB.value),
    'storage, logs, data and cross-zone traffic',
    sum(lowOf, STORAGE_GB.low),
    sum(highOf, STORAGE_GB.high),
  );
}

/** Instance hours of a month. */
function instanceHours(
  question: Question,
  mode: InstanceMode,
  type: InstanceType,
  fleets: readonly Fleet[],
): number {
  const { duty, minInstances, zones = 1 } = question;
  // Burstable types cannot be registered with Application Auto Scaling.
  if (type.burstable) return largest(fleets).instances * HOURS_PER_MONTH;
  const busy = levelsOf(question).reduce(
    (sum, { hoursPerMonth }, i) => sum + hoursPerMonth * fleets[i]!.instances,
    0,
  );
  const idle = HOURS_PER_MONTH - duty.hoursPerMonth;
  if (SCALES_TO_ZERO.has(mode) && minInstances === undefined) {
    const around = (duty.startsPerMonth * (INSTANCE_START_SECONDS.value + IDLE_SECONDS)) / 3600;
    return busy + min(idle, around) * fleets[0]!.instances;
  }
  return busy + idle * max(minInstances ?? 1, zones > 1 ? 2 : 1);
}

function memoryReason(question: Question, headroom: Figure): string[] {
  if (headroom.value >= 0) return [];
  const needed = containerMemoryMib([question.model]);
  return [
    `memory: ${question.model.name} ${question.model.precision} needs ${needed} MiB, ${-headroom.value} MiB more than the container gets here`,
  ];
}

function latencyReason(
  question: Question,
  type: InstanceType,
  load: Load,
  capacity: Figure,
  fleet: Fleet,
): string[] {
  if (fleet.meets) return [];
  const alone = aloneP95(load, capacity.value);
  const target = load.targetSeconds;
  if (fleet.instances > MOST_INSTANCES)
    return [
      `load: ${fleet.instances.toLocaleString('en-US')} instances would be needed, and at most ${MOST_INSTANCES} are considered; lower the load or take a larger type`,
    ];
  if (alone <= target) {
    return [
      `load: more than ${MOST_INSTANCES} instances would be needed; lower the load or take a larger type`,
    ];
  }
  const service = alone - load.routeSeconds;
  const left = target - load.routeSeconds;
  if (left <= 0) {
    return [
      `latency: the way to the container and back alone takes ${duration(load.routeSeconds)}; the target must be above it`,
    ];
  }
  const vcpus = ceil((type.vcpus * service) / left);
  const documents = floor((question.documentsPerQuery * left) / service);
  const fewer = documents >= 1 ? ` or at most ${documents} documents a query` : '';
  return [
    `latency: a query takes ${duration(alone)} even on an idle instance; ${duration(target)} needs about ${vcpus} vCPUs of this family in one instance${fewer}, or a target of ${duration(alone)}`,
  ];
}

function startReason({ p95Ms }: Question, share: number, waits: boolean): string[] {
  if (!waits || INSTANCE_START_SECONDS.value * 1000 <= p95Ms) return [];
  return [
    `cold starts: ${percent(share)} of the queries arrive while the first instance starts (about ${duration(INSTANCE_START_SECONDS.value)}); at most 5 % may`,
  ];
}

function creditReason({ duty }: Question, type: InstanceType, fleet: Fleet): string[] {
  const baseline = BASELINE_SHARE[type.name];
  const used = (fleet.utilisation * duty.hoursPerMonth) / HOURS_PER_MONTH;
  if (baseline === undefined || used <= baseline) return [];
  return [
    `CPU credits: ${percent(used)} of the vCPUs would be used over the month, and this burstable type earns credits for ${percent(baseline)}`,
  ];
}

function notes(
  question: Question,
  mode: InstanceMode,
  type: InstanceType,
  fleets: Fleets,
  load: Load,
  capacity: Figure,
  startShareOf: number,
): string[] {
  const found: string[] = [];
  const { instances, utilisation, meets } = largest(fleets.value);
  if (meets && !fleets.slow.every((fleet) => fleet.meets))
    found.push(
      'at the slow end of the estimate no number of instances meets the target: measure before deciding',
    );
  if (meets && instances > (question.minInstances ?? 1) && utilisation < 0.3) {
    const share = aloneP95(load, capacity.value) / load.targetSeconds;
    found.push(
      `used ${percent(utilisation)}: a query alone takes ${percent(share)} of the target, so none may wait; a larger instance or a longer target needs fewer`,
    );
  }
  if (question.zones !== undefined && question.zones > 1)
    found.push(`meets the target with one of ${question.zones} zones lost`);
  if (type.burstable)
    found.push('burstable: no Application Auto Scaling, so all instances are billed all month');
  if (question.model.precision === 'int8' && !processorOf(type).exactInt8)
    found.push(
      'int8 products can saturate on processors without VNNI: build with --weight-bits 7, or use fp32',
    );
  if (startShareOf > 0)
    found.push(
      `${percent(startShareOf)} of the queries ${mode === 'asynchronous' ? 'wait' : 'fail and must be retried'} while the first instance starts`,
    );
  if (mode === 'multi-model')
    found.push('costs as real-time for one model; pays when several models share the instances');
  if (mode === 'asynchronous')
    found.push('answers arrive as S3 objects; p95 includes upload, queue and polling');
  return found;
}

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;
