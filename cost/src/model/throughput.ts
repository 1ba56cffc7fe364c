import type { ModelFigures } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import { instanceType, processorOf, type InstanceType } from '../hardware/instance-types.js';
import { speedOf, speedOfMachine, speedOfUnknown, type Speed } from '../hardware/processors.js';
import type { Figure, LengthShare, Measurement, Precision } from '../types.js';
import { between, exactly, inverse, product, within, type Interval } from './interval.js';
import { processesOn } from './memory.js';
import type { Timing } from './simulation.js';
import { fitTiming, meanLength, pairsOf, saturatedPerSecond, scaled, type Pairs } from './timing.js';
import { sameModel } from './work.js';

const { abs, exp, log, max, min } = Math;

/** What is scored. */
export interface Work {
  readonly model: ModelFigures;
  /** Mean tokens of a pair, query and special tokens included. */
  readonly tokensPerPair: number;
  readonly documentsPerQuery: number;
  /** Lengths of pairs; by default the measured mix, stretched to `tokensPerPair`. */
  readonly pairTokens?: readonly LengthShare[];
}

/** Where it is scored. A serverless execution has vCPUs of a processor that is not named, in proportion to its memory. */
export type Place = { readonly instance: InstanceType } | { readonly serverlessMb: number };

/** Relative length of pairs, and of queries, within which a measured throughput counts as measured. */
const SAME_SIZE = 0.25;
/** What a throughput carried over to another model may be off by. */
const OTHER_MODEL = 0.35;
/** The other precision's kernels, beyond what their instructions say. */
const OTHER_PRECISION = 0.5;
/** Another processor, beyond what its clock and instructions say: a Xeon and an EPYC, estimated from one another, were off by up to 1.86. */
const OTHER_PROCESSOR = 0.55;
/** x86 and ARM kernels of ONNX Runtime reach different shares of the peak. */
const OTHER_ARCHITECTURE = 0.3;
/**
 * What inference processes of one thread score over one process with all threads, measured on 2 vCPUs
 * (docs/decisions/threads.md): a measurement of the one kind is carried over to the other by it.
 */
const PROCESSES_GAIN: Readonly<Record<Precision, Interval>> = {
  int8: between(1.15, 1.4),
  fp32: between(1.05, 1.2),
};
/** Of an estimate on the same processor: noise of a run, other length mix. */
const SAME_PROCESSOR = 0.1;
/** A query of more documents costs as much a token as one of so many. */
const MOST_DOCUMENTS = 200;

/**
 * Tokens a second that an instance (or a serverless execution) scores at saturation, calibrated on measurements: the
 * measured throughput x the work of such queries x the speed of the processor's vCPUs x their number. Of several measurements
 * the nearest count: those of the place itself, else those of the same variant and precision, else all.
 * @throws CostError when there is no measurement at all.
 */
export function tokensPerSecond(work: Work, place: Place, measurements: readonly Measurement[]): Figure {
  const here = measurements.filter((m) => isOf(m, work) && isAt(m, place));
  if (here.length > 0) return fromItself(work, here, measurements);
  const nearest = nearestTo(work, measurements);
  const value = combined(nearest.map((m) => estimate(work, destinationOf(place, work), m, measurements)));
  return {
    ...value,
    basis: 'estimated',
    source: `from ${nearest.map(describeMeasurement).join('; ')}, by the cost of a request, a batch and a token and assumed clocks and instruction rates of the vCPUs`,
  };
}

/** What the measurements of others say of the machine and the work of `m`: a test of the method. */
export function predictedOn(m: Measurement, others: readonly Measurement[]): Interval {
  const { model, traffic, machine } = m;
  const work: Work = {
    model,
    tokensPerPair: traffic.meanPairTokens,
    documentsPerQuery: traffic.documentsPerQuery,
    pairTokens: pairsOf(m).mix,
  };
  const destination: Destination = {
    vcpus: effectiveVcpus(machine.vcpus),
    speed: speedOfMachine(machine, model.precision),
    architecture: machine.architecture,
    type: null,
    hasProcesses: hasProcesses(m),
  };
  return combined(nearestTo(work, others).map((each) => estimate(work, destination, each, others)));
}

/** Tokens that the container scores in a second of a vCPU's time: what a machine with other work on it tells as well. */
export function tokensPerCpuSecond(m: Measurement): number {
  return tokensPerVcpu(m);
}

/** The same as estimated for the model of a measurement from those of other models on the same machine. */
export function estimatedTokensPerCpuSecond(m: Measurement, others: readonly Measurement[]): number {
  const { documentsPerQuery, meanPairTokens: tokensPerPair } = m.traffic;
  const work = { model: m.model, tokensPerPair, documentsPerQuery, pairTokens: pairsOf(m).mix };
  return geometricMean(
    nearestTo(work, others).map((each) => tokensPerVcpu(each) * workRatio(work, each, others)),
  );
}

/** The mean of several estimates; no narrower than their spread. */
function combined(estimates: readonly Interval[]): Interval {
  const value = geometricMean(estimates.map((each) => each.value));
  const narrowest = estimates.reduce((best, each) =>
    each.high / each.low < best.high / best.low ? each : best,
  );
  return {
    value,
    low: min(value * (narrowest.low / narrowest.value), ...estimates.map((each) => each.value)),
    high: max(value * (narrowest.high / narrowest.value), ...estimates.map((each) => each.value)),
  };
}

/** What an estimate needs of where the work is to be done. */
interface Destination {
  readonly vcpus: Interval;
  readonly speed: Speed;
  readonly architecture: Measurement['machine']['architecture'];
  /** Null where it is no instance type. */
  readonly type: InstanceType | null;
  /** Whether there are several inference processes. */
  readonly hasProcesses: boolean;
}

const hasProcesses = ({ processes = 1 }: Measurement): boolean => processes > 1;

function destinationOf(place: Place, { model }: Work): Destination {
  const { precision } = model;
  if ('serverlessMb' in place) {
    return {
      vcpus: serverlessVcpus(place.serverlessMb),
      speed: speedOfUnknown(precision),
      architecture: 'x86_64',
      type: null,
      hasProcesses: false,
    };
  }
  const { instance: type } = place;
  return {
    vcpus: effectiveVcpus(type.vcpus),
    speed: speedOf(processorOf(type), precision),
    architecture: type.architecture,
    type,
    hasProcesses: processesOn(model, type) > 1,
  };
}

/**
 * Tokens a second that a container gets to: one thread reads, tokenizes and answers for all inference processes, and where they are many, or
 * requests are small, these wait for it.
 */
function answeredRate(work: Work, m: Measurement, all: readonly Measurement[]): number {
  const { answer, answerToken } = fitTiming(m, all).timing;
  const tokens = work.documentsPerQuery * work.tokensPerPair;
  return tokens / (answer + answerToken * tokens);
}

/** Pairs of the work, and what their parts cost on the machine of the nearest measurement. */
export function timingFor(
  work: Work,
  measurements: readonly Measurement[],
): { readonly timing: Timing; readonly pairs: Pairs } {
  const nearest = nearestTo(work, measurements);
  // One with several sizes tells more than one without.
  const m = nearest.find(({ sizes }) => sizes !== undefined) ?? nearest[0]!;
  return { timing: timingOn(m, work, measurements), pairs: pairsFor(work, m) };
}

/** One line: what was measured, where and when. */
export function describeMeasurement(m: Measurement): string {
  const tokens = Math.round(m.saturation.tokensPerSecond);
  return `${m.model.name} ${m.model.precision} on ${m.machine.name} (${m.machine.vcpus} vCPUs), ${m.date.slice(0, 10)}: ${tokens} tokens/s`;
}

function isOf({ model }: Measurement, work: Work): boolean {
  return sameModel(model, work.model);
}

function isAt(m: Measurement, place: Place): boolean {
  if ('serverlessMb' in place)
    return m.hosting === 'serverless' && m.serverlessMemoryMb === place.serverlessMb;
  return m.hosting !== 'serverless' && m.instanceType === place.instance.name;
}

function fromItself(work: Work, measured: readonly Measurement[], all: readonly Measurement[]): Figure {
  const same = measured.filter(
    ({ traffic }) =>
      abs(traffic.meanPairTokens / work.tokensPerPair - 1) <= SAME_SIZE &&
      abs(traffic.documentsPerQuery / work.documentsPerQuery - 1) <= SAME_SIZE,
  );
  const used = same.length > 0 ? same : measured;
  const rates = used.map((m) => m.saturation.tokensPerSecond * workRatio(work, m, all));
  return {
    value: geometricMean(rates),
    low: min(...rates),
    high: max(...rates),
    basis: same.length > 0 ? 'measured' : 'estimated',
    source: `${used.map(describeMeasurement).join('; ')}${same.length > 0 ? '' : ', carried over to queries of another size'}`,
  };
}

/** Tokens a second of such queries ÷ those of the measured ones, on the same machine. */
function workRatio(work: Work, m: Measurement, all: readonly Measurement[]): number {
  const { model, traffic } = m;
  const { meanPairTokens: tokensPerPair, documentsPerQuery } = traffic;
  return (
    tokensOn(m, work, all) /
    tokensOn(m, { model, tokensPerPair, documentsPerQuery, pairTokens: pairsOf(m).mix }, all)
  );
}

const rates = new WeakMap<Measurement, Map<string, number>>();

/** Tokens a second of the work on the measured machine, by the fit. */
function tokensOn(m: Measurement, work: Work, all: readonly Measurement[]): number {
  const known = rates.get(m) ?? new Map<string, number>();
  rates.set(m, known);
  const { model, tokensPerPair, documentsPerQuery, pairTokens } = work;
  const key = JSON.stringify([model, tokensPerPair, documentsPerQuery, pairTokens, all.length]);
  const rate = known.get(key) ?? tokenRate(timingOn(m, work, all), pairsFor(work, m));
  known.set(key, rate);
  return rate;
}

function tokenRate(timing: Timing, { documents, mix }: Pairs): number {
  const pairs = { documents: min(documents, MOST_DOCUMENTS), mix };
  return saturatedPerSecond(timing, pairs) * pairs.documents * meanLength(mix);
}

function pairsFor({ tokensPerPair, documentsPerQuery, pairTokens }: Work, m: Measurement): Pairs {
  return { documents: documentsPerQuery, mix: pairTokens ?? scaled(pairsOf(m).mix, tokensPerPair) };
}

/** What the parts of a request cost on the measured machine, with the asked model. */
function timingOn(m: Measurement, { model }: Work, all: readonly Measurement[]): Timing {
  const fit = fitTiming(m, all);
  return sameModel(model, m.model) ? fit.timing : fit.timingOf(model);
}

function nearestTo(work: Work, measurements: readonly Measurement[]): readonly Measurement[] {
  const usable = measurements.filter(({ hosting }) => hosting !== 'serverless');
  if (usable.length === 0) {
    throw new CostError(
      'there is no measurement to calibrate an estimate on; make one with `reranker cost measure`',
    );
  }
  const precise = usable.filter(({ model }) => model.precision === work.model.precision);
  const exact = precise.filter(({ model }) => sameModel(model, work.model));
  return [exact, precise, usable].find((some) => some.length > 0)!;
}

function estimate(
  work: Work,
  { vcpus, speed, architecture, type, hasProcesses: divided }: Destination,
  m: Measurement,
  all: readonly Measurement[],
): Interval {
  const measuredType = m.instanceType === null ? null : instanceType(m.instanceType);
  const there = measuredType
    ? speedOf(processorOf(measuredType), m.model.precision)
    : speedOfMachine(m.machine, m.model.precision);
  const sameProcessor =
    type !== null && measuredType !== null && processorOf(type) === processorOf(measuredType);
  const samePrecision = m.model.precision === work.model.precision;
  const gain = PROCESSES_GAIN[work.model.precision];
  const most = within(answeredRate(work, m, all), OTHER_PROCESSOR);
  const { value, low, high } = product(
    exactly(tokensPerVcpu(m) * workRatio(work, m, all)),
    vcpus,
    divided === hasProcesses(m) ? exactly(1) : divided ? gain : inverse(gain),
    sameProcessor ? exactly(1) : within(1, OTHER_PROCESSOR),
    sameProcessor && samePrecision
      ? within(1, SAME_PROCESSOR)
      : speedRatio(speed, there, productShare(m.model.precision, all)),
    sameModel(m.model, work.model) ? exactly(1) : within(1, OTHER_MODEL),
    samePrecision ? exactly(1) : within(1, OTHER_PRECISION),
    architecture === m.machine.architecture ? exactly(1) : within(1, OTHER_ARCHITECTURE),
  );
  return { value: min(value, most.value), low: min(low, most.low), high: min(high, most.high) };
}

/**
 * Tokens a second of a vCPU that is given to the container alone. From the CPU seconds where they are known: they leave
 * out what other processes of the machine took, and threads that wait for each other.
 */
function tokensPerVcpu({ saturation, machine }: Measurement): number {
  const { cpuSecondsPer1kTokens, tokensPerSecond: achieved } = saturation;
  const achievedPerVcpu = achieved / effectiveVcpus(machine.vcpus).value;
  return cpuSecondsPer1kTokens === null
    ? achievedPerVcpu
    : max(achievedPerVcpu, 1000 / cpuSecondsPer1kTokens);
}

/** Amdahl's law over the two kinds of work: each is sped up by its own ratio. */
function speedRatio(here: Speed, there: Speed, productShare: number): Interval {
  const products = product(here.products, inverse(there.products));
  const others = product(here.others, inverse(there.others));
  const at = (end: keyof Interval): number =>
    1 / (productShare / products[end] + (1 - productShare) / others[end]);
  return { value: at('value'), low: at('low'), high: at('high') };
}

/** Products' share of the time in fp32 where both precisions of a variant were not measured on one machine. */
const DEFAULT_FP32_SHARE = 0.74;
/** int8 products run at this many times the fp32 rate with VNNI or dot products: four lanes in the place of one. */
const INT8_LANES = 4;

/**
 * Share of the time that goes to matrix products. With t the time of a token, products being INT8_LANES times faster in
 * int8 and the rest as fast: share(fp32) = (1 - t8 / t32) / (1 - 1 / lanes), and share(int8) follows.
 */
export function productShare(precision: Precision, measurements: readonly Measurement[]): number {
  const ratios = measurements.flatMap((slow) =>
    measurements
      .filter(
        (fast) =>
          slow.model.precision === 'fp32' &&
          fast.model.precision === 'int8' &&
          fast.model.name === slow.model.name &&
          fast.machine.name === slow.machine.name &&
          fast.machine.vcpus === slow.machine.vcpus,
      )
      .map((fast) => tokensPerVcpu(slow) / tokensPerVcpu(fast)),
  );
  const defaultRatio = 1 - DEFAULT_FP32_SHARE * (1 - 1 / INT8_LANES);
  const ratio = ratios.length > 0 ? geometricMean(ratios) : defaultRatio;
  const fp32 = clamp((1 - ratio) / (1 - 1 / INT8_LANES));
  return precision === 'fp32' ? fp32 : clamp(fp32 / INT8_LANES / ratio);
}

const clamp = (share: number): number => min(0.95, max(0.2, share));

/**
 * vCPUs as a batch uses them: it is spread over all of them, and what each gets shrinks. An assumption: n vCPUs do the
 * work of n x (n / 2)^-e, e from 0 to 0.15, until larger types are measured.
 */
function effectiveVcpus(vcpus: number): Interval {
  if (vcpus <= 2) return exactly(vcpus);
  const at = (exponent: number): number => vcpus * (vcpus / 2) ** -exponent;
  return { value: at(0.05), low: at(0.15), high: at(0) };
}

/**
 * vCPUs of a serverless execution. An assumption: that they follow memory as Lambda's do, one per 1,769 MB, from 0.7 of
 * it to one per 1,024 MB.
 */
function serverlessVcpus(memoryMb: number): Interval {
  const value = memoryMb / 1769;
  return { value, low: 0.7 * value, high: memoryMb / 1024 };
}

function geometricMean(values: readonly number[]): number {
  return exp(values.reduce((sum, value) => sum + log(value), 0) / values.length);
}
