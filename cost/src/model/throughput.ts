import type { VariantId } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import { instanceType, type InstanceType } from '../hardware/instance-types.js';
import { processorOf, speedOf, speedOfMachine, speedOfUnknown, type Speed } from '../hardware/processors.js';
import type { Figure, Measurement, Precision } from '../types.js';
import { exactly, inverse, product, within, type Interval } from './interval.js';
import { workPerToken } from './operations.js';

const { abs, exp, log, max, min } = Math;

/** What is scored. */
export interface Work {
  readonly variant: VariantId;
  readonly precision: Precision;
  /** Tokens of a pair, query and special tokens included. */
  readonly tokensPerPair: number;
}

/** Where it is scored. A serverless execution has vCPUs of a processor that is not named, in proportion to its memory. */
export type Place = { readonly instance: InstanceType } | { readonly serverlessMb: number };

/** Relative length of pairs within which a measured throughput is taken as it is, but for the work per token. */
const SAME_LENGTH = 0.25;
/** What a throughput at another variant's operation count may be off by: smaller products use a core less well. */
const OTHER_VARIANT = 0.35;
/** The other precision's kernels, beyond what their instructions say. */
const OTHER_PRECISION = 0.5;
/** x86 and ARM kernels of ONNX Runtime reach different shares of the peak. */
const OTHER_ARCHITECTURE = 0.3;
/** Of an estimate on the same processor: noise of a run, other length mix. */
const SAME_PROCESSOR = 0.1;

/**
 * Tokens a second that an instance (or a serverless execution) scores at saturation, calibrated on measurements: the
 * measured throughput x the work of a token x the speed of the processor's vCPUs x their number. Of several measurements
 * the nearest count: those of the place itself, else those of the same variant and precision, else all.
 * @throws CostError when there is no measurement at all.
 */
export function tokensPerSecond(work: Work, place: Place, measurements: readonly Measurement[]): Figure {
  const here = measurements.filter((m) => isOf(m, work) && isAt(m, place));
  if (here.length > 0) return fromItself(work, here);
  const nearest = nearestTo(work, measurements);
  const estimates = nearest.map((measurement) => estimate(work, place, measurement, measurements));
  const value = geometricMean(estimates.map((each) => each.value));
  const narrowest = estimates.reduce((best, each) =>
    each.high / each.low < best.high / best.low ? each : best,
  );
  return {
    value,
    // No narrower than the spread of what the single measurements say.
    low: min(value * (narrowest.low / narrowest.value), ...estimates.map((each) => each.value)),
    high: max(value * (narrowest.high / narrowest.value), ...estimates.map((each) => each.value)),
    basis: 'estimated',
    source: `from ${nearest.map(describeMeasurement).join('; ')}, by operations per token and assumed clocks and instruction rates of the vCPUs`,
  };
}

/** One line: what was measured, where and when. */
export function describeMeasurement(m: Measurement): string {
  const tokens = Math.round(m.saturation.tokensPerSecond);
  return `${m.variant} ${m.precision} on ${m.machine.name} (${m.machine.vcpus} vCPUs), ${m.date.slice(0, 10)}: ${tokens} tokens/s`;
}

function isOf({ variant, precision }: Measurement, work: Work): boolean {
  return variant === work.variant && precision === work.precision;
}

function isAt(m: Measurement, place: Place): boolean {
  if ('serverlessMb' in place)
    return m.hosting === 'serverless' && m.serverlessMemoryMb === place.serverlessMb;
  return m.hosting !== 'serverless' && m.instanceType === place.instance.name;
}

function fromItself(work: Work, measured: readonly Measurement[]): Figure {
  const same = measured.filter((m) => abs(m.traffic.meanPairTokens / work.tokensPerPair - 1) <= SAME_LENGTH);
  const used = same.length > 0 ? same : measured;
  const rates = used.map((m) => m.saturation.tokensPerSecond * workRatio(work, m));
  return {
    value: geometricMean(rates),
    low: min(...rates),
    high: max(...rates),
    basis: same.length > 0 ? 'measured' : 'estimated',
    source: `${used.map(describeMeasurement).join('; ')}${same.length > 0 ? '' : ', carried over to another length of pairs'}`,
  };
}

/** Work per token of the measured pairs ÷ that of the asked ones: longer pairs cost more attention a token. */
function workRatio(work: Work, { variant, precision, traffic }: Measurement): number {
  return (
    workPerToken(variant, precision, traffic.meanPairTokens) /
    workPerToken(work.variant, precision, work.tokensPerPair)
  );
}

function nearestTo(work: Work, measurements: readonly Measurement[]): readonly Measurement[] {
  const usable = measurements.filter(({ hosting }) => hosting !== 'serverless');
  if (usable.length === 0) {
    throw new CostError(
      'there is no measurement to calibrate an estimate on; make one with `reranker cost measure`',
    );
  }
  const precise = usable.filter(({ precision }) => precision === work.precision);
  const exact = precise.filter(({ variant }) => variant === work.variant);
  return [exact, precise, usable].find((some) => some.length > 0)!;
}

function estimate(work: Work, place: Place, m: Measurement, all: readonly Measurement[]): Interval {
  const measuredType = m.instanceType === null ? null : instanceType(m.instanceType);
  const there = measuredType
    ? speedOf(processorOf(measuredType), m.precision)
    : speedOfMachine(m.machine, m.precision);
  const type = 'instance' in place ? place.instance : null;
  const here = type ? speedOf(processorOf(type), work.precision) : speedOfUnknown(work.precision);
  const sameProcessor =
    type !== null && measuredType !== null && processorOf(type) === processorOf(measuredType);
  const samePrecision = m.precision === work.precision;
  return product(
    exactly(tokensPerVcpu(m) * workRatio(work, m)),
    'serverlessMb' in place ? serverlessVcpus(place.serverlessMb) : effectiveVcpus(place.instance.vcpus),
    sameProcessor && samePrecision
      ? within(1, SAME_PROCESSOR)
      : speedRatio(here, there, productShare(m.precision, all)),
    m.variant === work.variant ? exactly(1) : within(1, OTHER_VARIANT),
    samePrecision ? exactly(1) : within(1, OTHER_PRECISION),
    type && type.architecture !== m.machine.architecture ? within(1, OTHER_ARCHITECTURE) : exactly(1),
  );
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
          slow.precision === 'fp32' &&
          fast.precision === 'int8' &&
          fast.variant === slow.variant &&
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
export function effectiveVcpus(vcpus: number): Interval {
  if (vcpus <= 2) return exactly(vcpus);
  const at = (exponent: number): number => vcpus * (vcpus / 2) ** -exponent;
  return { value: at(0.05), low: at(0.15), high: at(0) };
}

/**
 * vCPUs of a serverless execution. An assumption: that they follow memory as Lambda's do, one per 1,769 MB, from 0.7 of
 * it to one per 1,024 MB.
 */
export function serverlessVcpus(memoryMb: number): Interval {
  const value = memoryMb / 1769;
  return { value, low: 0.7 * value, high: memoryMb / 1024 };
}

function geometricMean(values: readonly number[]): number {
  return exp(values.reduce((sum, value) => sum + log(value), 0) / values.length);
}
