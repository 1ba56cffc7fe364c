import { instanceType, type InstanceType } from '../hardware/instance-types.js';
import { processorOf } from '../hardware/processors.js';
import { containerMemoryMib, memoryHeadroom, weightsOf } from '../model/memory.js';
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
  ROUTE_SECONDS,
} from './assumptions.js';
import { duration, estimated, highOf, lowOf } from './figures.js';
import { aloneP95, fleetOf, serviceShape, smallestFleet, type Fleet, type Load } from './fleet.js';
import { documentsPerMonth } from './question.js';

const { ceil, floor, min } = Math;

export type InstanceMode = Exclude<HostingMode, 'serverless'>;
export const INSTANCE_MODES: readonly InstanceMode[] = [
  'real-time',
  'asynchronous',
  'multi-model',
  'inference-components',
];

/** Modes whose instances go away while there is no traffic. */
const SCALES_TO_ZERO: ReadonlySet<InstanceMode> = new Set(['asynchronous', 'inference-components']);

/** A hosting mode on an instance type, sized for the question. */
export function instanceOption(
  question: Question,
  mode: InstanceMode,
  typeName: string,
  book: PriceBook,
  measurements: readonly Measurement[],
): HostingOption {
  const type = instanceType(typeName);
  const { variant, precision } = question;
  const load = loadOf(question, mode, measurements);
  const capacity = tokensPerSecond(question, { instance: type }, measurements);
  const fleets = {
    value: smallestFleet(load, capacity.value),
    fast: smallestFleet(load, highOf(capacity)),
    slow: smallestFleet(load, lowOf(capacity)),
  };
  const { value: fleet } = fleets;
  const slower = fleetOf(load, lowOf(capacity), fleet.instances).p95Seconds;
  const faster = fleetOf(load, highOf(capacity), fleet.instances).p95Seconds;
  const headroom = memoryHeadroom(type, [model(question)]);
  const start = startShare(question, mode);
  const waitsForStart = start > 0.05;
  const p95 = waitsForStart ? INSTANCE_START_SECONDS.value : fleet.p95Seconds;
  const reasons = [
    ...memoryReason(question, headroom),
    ...latencyReason(question, type, load, capacity, fleet),
    ...startReason(question, start, waitsForStart),
    ...creditReason(question, type, fleet),
  ];
  const cost = monthlyCost(question, mode, type, book, fleets);
  return {
    id: `${mode}/${typeName}/${variant}`,
    label: `${mode} ${typeName}`,
    hosting: mode,
    variant,
    precision,
    instanceType: typeName,
    memoryMb: null,
    instances: estimated(
      fleet.instances,
      'fewest instances whose p95 by the queueing formula meets the target at 85 % utilisation or less',
      fleets.fast.instances,
      fleets.slow.instances,
    ),
    utilisation: estimated(fleet.utilisation, 'offered tokens ÷ capacity'),
    capacityTokensPerSecond: capacity,
    p95Ms: estimated(
      p95 * 1000,
      'Allen-Cunneen waiting with an exponential tail, plus service and route',
      faster * 1000,
      waitsForStart ? INSTANCE_START_SECONDS.high * 1000 : slower * 1000,
    ),
    usdPerMonth: cost,
    usdPerMillionDocuments: cost && perMillion(cost, question),
    memoryHeadroomMib: headroom,
    meetsTarget: reasons.length === 0,
    reasons,
    notes: notes(question, mode, type, fleets, start),
    onFrontier: false,
  };
}

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

function model({ variant, precision }: Question) {
  return { variant, precision, weightsBytes: weightsOf(variant, precision) };
}

function loadOf(question: Question, mode: InstanceMode, measurements: readonly Measurement[]): Load {
  return {
    queriesPerSecond: question.queriesPerSecond,
    tokensPerQuery: question.documentsPerQuery * question.tokensPerPair,
    targetSeconds: question.p95Ms / 1000,
    routeSeconds: mode === 'asynchronous' ? ASYNCHRONOUS_SECONDS.value : ROUTE_SECONDS.value,
    shape: serviceShape(question, measurements),
  };
}

/** Share of the queries that meet an endpoint without an instance. */
function startShare({ duty }: Question, mode: InstanceMode): number {
  if (!SCALES_TO_ZERO.has(mode)) return 0;
  return min(1, (duty.startsPerMonth * INSTANCE_START_SECONDS.value) / (duty.hoursPerMonth * 3600));
}

function monthlyCost(
  question: Question,
  mode: InstanceMode,
  type: InstanceType,
  book: PriceBook,
  fleets: Readonly<Record<'value' | 'fast' | 'slow', Fleet>>,
): Figure | null {
  const price = book.usdPerInstanceHour(type.name, question.region);
  if (!price) return null;
  const gb = mode === 'asynchronous' ? gbPerMonth(question) : 0;
  const data = book.usdPerProcessedGb();
  const usd = (fleet: Fleet, perGb: number): number =>
    price.value * instanceHours(question, mode, type, fleet.instances) + perGb * gb;
  return estimated(
    usd(fleets.value, data.value),
    `${price.value} USD an hour (${price.basis}: ${price.source}) x instance hours`,
    usd(fleets.fast, lowOf(data)),
    fleets.slow.meets ? usd(fleets.slow, highOf(data)) : undefined,
  );
}

/** Instance hours of a month. */
function instanceHours(
  { duty }: Question,
  mode: InstanceMode,
  type: InstanceType,
  instances: number,
): number {
  // Burstable types cannot be registered with Application Auto Scaling.
  if (type.burstable) return instances * HOURS_PER_MONTH;
  if (SCALES_TO_ZERO.has(mode)) {
    const around = (duty.startsPerMonth * (INSTANCE_START_SECONDS.value + IDLE_SECONDS)) / 3600;
    return instances * min(HOURS_PER_MONTH, duty.hoursPerMonth + around);
  }
  return instances * duty.hoursPerMonth + (HOURS_PER_MONTH - duty.hoursPerMonth);
}

function memoryReason(question: Question, headroom: Figure): string[] {
  if (headroom.value >= 0) return [];
  const needed = containerMemoryMib([model(question)]);
  return [
    `memory: ${question.variant} ${question.precision} needs ${needed} MiB, ${-headroom.value} MiB more than the container gets here`,
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
  if (alone <= target) {
    return [`load: more than 1000 instances would be needed; lower the load or take a larger type`];
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
  fleets: Readonly<Record<'value' | 'fast' | 'slow', Fleet>>,
  startShareOf: number,
): string[] {
  const found: string[] = [];
  if (fleets.value.meets && !fleets.slow.meets)
    found.push(
      'at the slow end of the estimate no number of instances meets the target: measure before deciding',
    );
  if (type.burstable)
    found.push('burstable: no Application Auto Scaling, so all instances are billed all month');
  if (question.precision === 'int8' && !processorOf(type).exactInt8)
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
