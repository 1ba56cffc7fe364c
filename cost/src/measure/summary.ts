import type { ClosedStep, Latencies, OpenStep } from '../types.js';
import type { Run, Sample } from './load.js';

/**
 * The value that a share `q` (0..1) of the ascending values does not exceed: nearest rank.
 * @throws RangeError without values.
 */
export function percentile(ascending: readonly number[], q: number): number {
  if (ascending.length === 0) throw new RangeError('a percentile needs at least one value');
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)]!;
}

/** Latencies of the answered requests, from when they were due; undefined when none was answered. */
function latenciesOf(samples: readonly Sample[]): Latencies | undefined {
  const times = answered(samples).map(({ dueMs, endedMs }) => endedMs - dueMs);
  if (times.length === 0) return undefined;
  times.sort((a, b) => a - b);
  return {
    meanMs: mean(times),
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
  };
}

/** Variance ÷ mean² of the latencies of at least one answered request: 0 when all are alike. */
export function squaredVariation(samples: readonly Sample[]): number {
  const times = answered(samples).map(({ dueMs, endedMs }) => endedMs - dueMs);
  const average = mean(times);
  return mean(times.map((time) => (time - average) ** 2)) / average ** 2;
}

/** Undefined when no request was answered. */
export function closedStep(concurrency: number, run: Run): ClosedStep | undefined {
  const latencies = latenciesOf(run.samples);
  return latencies && { concurrency, ...latencies, ...countsOf(run), ...ratesOf(run) };
}

/**
 * @param arrivals seconds of the window in which requests were due, and the tokens they offered in it
 * @param saturation tokens a second at most
 * @returns undefined when no request was answered.
 */
export function openStep(
  arrivals: { readonly seconds: number; readonly tokens: number },
  saturation: number,
  run: Run,
): OpenStep | undefined {
  const latencies = latenciesOf(run.samples);
  return (
    latencies && {
      offeredPerSecond: run.samples.length / arrivals.seconds,
      requestsPerSecond: ratesOf(run).requestsPerSecond,
      ...countsOf(run),
      ...latencies,
      utilisation: arrivals.tokens / arrivals.seconds / saturation,
    }
  );
}

function countsOf({
  samples,
  startedMs,
  endedMs,
}: Run): Pick<ClosedStep, 'seconds' | 'requests' | 'failed' | 'throttled' | 'failures'> {
  const failures: Record<string, number> = {};
  const failed = samples.flatMap(({ failure }) => failure ?? []);
  for (const { code } of failed) failures[code] = (failures[code] ?? 0) + 1;
  return {
    seconds: (endedMs - startedMs) / 1000,
    requests: samples.length,
    failed: failed.length,
    throttled: failed.filter(({ throttled }) => throttled).length,
    failures,
  };
}

function ratesOf({
  samples,
  startedMs,
  endedMs,
}: Run): Pick<ClosedStep, 'requestsPerSecond' | 'pairsPerSecond' | 'tokensPerSecond'> {
  const seconds = (endedMs - startedMs) / 1000;
  const done = answered(samples);
  return {
    requestsPerSecond: done.length / seconds,
    pairsPerSecond: done.reduce((sum, { pairs }) => sum + pairs, 0) / seconds,
    tokensPerSecond: done.reduce((sum, { tokens }) => sum + tokens, 0) / seconds,
  };
}

function answered(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ failure }) => !failure);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
