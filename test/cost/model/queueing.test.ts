import fc from 'fast-check';
import { erlangC, latencyQuantile, meanWait, type Station } from '../../../cost/src/model/queueing.js';
import { checkQueueing } from '../../../cost/src/model/queueing-check.js';
import { measurement } from '../support/measurement.js';

const station = fc
  .record({
    load: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    servers: fc.integer({ min: 1, max: 40 }),
    serviceSeconds: fc.double({ min: 1e-3, max: 10, noNaN: true }),
    serviceVariation: fc.double({ min: 0, max: 4, noNaN: true }),
  })
  .map(({ load, servers, serviceSeconds, serviceVariation }): Station => ({
    servers,
    serviceSeconds,
    serviceVariation,
    arrivalsPerSecond: (load * servers) / serviceSeconds,
  }));

test('Erlang C has its published values', () => {
  expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12);
  // Two servers at 0.75 each: 2 rho² / (1 + rho).
  expect(erlangC(2, 1.5)).toBeCloseTo((2 * 0.75 ** 2) / 1.75, 12);
});

test('mean waiting is exact for M/M/1 and M/D/1', () => {
  const base = { arrivalsPerSecond: 0.8, serviceSeconds: 1, servers: 1 };
  expect(meanWait({ ...base, serviceVariation: 1 })).toBeCloseTo(4, 10);
  expect(meanWait({ ...base, serviceVariation: 0 })).toBeCloseTo(2, 10);
});

test('without arrivals the quantile is that of the service, and overhead is added', () => {
  const idle = { arrivalsPerSecond: 0, serviceSeconds: 2, serviceVariation: 0, servers: 1 };
  expect(latencyQuantile(idle, 0.95)).toBeCloseTo(2, 6);
  expect(latencyQuantile({ ...idle, overheadSeconds: 0.5 }, 0.95)).toBeCloseTo(2.5, 6);
});

test('p95 in M/D/1 is above a simulation of it, by less than 30 %', () => {
  // Lindley's recursion with a fixed seed.
  let seed = 12345;
  const uniform = (): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return (seed + 1) / 2147483649;
  };
  const { log } = Math;
  const load = 0.8;
  const latencies: number[] = [];
  let wait = 0;
  for (let i = 0; i < 400_000; i++) {
    latencies.push(wait + 1);
    wait = Math.max(0, wait + 1 + log(uniform()) / load);
  }
  latencies.sort((a, b) => a - b);
  const predicted = latencyQuantile(
    { arrivalsPerSecond: load, serviceSeconds: 1, serviceVariation: 0, servers: 1 },
    0.95,
  );
  const simulated = latencies[Math.floor(0.95 * latencies.length)]!;
  expect(predicted / simulated).toBeGreaterThan(1);
  expect(predicted / simulated).toBeLessThan(1.3);
});

test('more servers never raise latency; more load and more variation never lower it', () => {
  fc.assert(
    fc.property(station, fc.integer({ min: 1, max: 5 }), (s, more) => {
      const p95 = latencyQuantile(s, 0.95);
      const slack = p95 * (1 + 1e-9);
      expect(latencyQuantile({ ...s, servers: s.servers + more }, 0.95)).toBeLessThanOrEqual(slack);
      expect(
        latencyQuantile({ ...s, arrivalsPerSecond: s.arrivalsPerSecond * 0.9 }, 0.95),
      ).toBeLessThanOrEqual(slack);
      expect(latencyQuantile(s, 0.99)).toBeGreaterThanOrEqual(p95 * (1 - 1e-9));
      expect(meanWait({ ...s, serviceVariation: s.serviceVariation + 1 })).toBeGreaterThan(meanWait(s));
    }),
    { numRuns: 60 },
  );
});

test('a station at its capacity has no steady state', () => {
  const full = { arrivalsPerSecond: 4, serviceSeconds: 0.5, serviceVariation: 0, servers: 2 };
  expect(latencyQuantile(full, 0.95)).toBe(Infinity);
});

test('the check compares steps below saturation without failures, and no others', () => {
  const step = {
    offeredPerSecond: 1,
    requestsPerSecond: 1,
    seconds: 100,
    requests: 100,
    failed: 0,
    throttled: 0,
    failures: {},
    utilisation: 0.5,
    meanMs: 800,
    p50Ms: 700,
    p95Ms: 1300,
    p99Ms: 1500,
  };
  const open = [step, { ...step, failed: 1 }, { ...step, utilisation: 0.95 }, { ...step, requests: 10 }];
  const [only, ...others] = checkQueueing([measurement({ open })]);
  expect(others).toEqual([]);
  expect(only!.predictedP95Ms).toBeGreaterThan(560);
  expect(only!.error).toBeCloseTo(only!.predictedP95Ms / 1300 - 1, 12);
});
