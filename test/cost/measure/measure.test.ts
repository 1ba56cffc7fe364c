import { variantFigures } from '@sagemaker-reranker/models';
import { measure, kneeOf, type MeasureOptions } from '../../../cost/src/measure/measure.js';
import { clientTarget, type Target } from '../../../cost/src/measure/target.js';
import { HttpTransport, ThrottledError, UnavailableError } from '@sagemaker-reranker/client';
import type { OpenStep } from '../../../cost/src/types.js';
import { answerTo, startService } from '../../client/support/service.js';
import { queryOf, SingleServer } from './support/single-server.js';
import { VirtualClock } from './support/virtual-clock.js';

const subject: MeasureOptions['subject'] = {
  command: 'reranker cost measure',
  version: '0.1.0',
  machine: {
    name: 'm',
    processor: null,
    architecture: 'x86_64',
    vcpus: 2,
    memoryMib: 4096,
    instructionSets: [],
  },
  instanceType: null,
  region: null,
  hosting: 'container',
  model: variantFigures('tiny', 'int8'),
  software: null,
  startSeconds: null,
};
const stated = { documentsPerQuery: 2, queryTokens: 1, documentTokens: [], meanPairTokens: 50, seed: 1 };

function optionsFor(target: Target, lines: string[] = []): MeasureOptions {
  return {
    target,
    subject,
    traffic: { queries: [queryOf(100)], stated },
    concurrency: [2],
    mostConcurrency: 16,
    loads: [0.3, 0.9],
    seconds: 40,
    usage: () => Promise.resolve(null),
    onProgress: (line) => lines.push(line),
    signal: new AbortController().signal,
  };
}

test('a server with a known service time is measured as what it is', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 50);
  let ticks = 0;
  const usage = (): Promise<{ cpuSeconds: number; residentMib: number; peakMib: number }> =>
    // Two processors, always busy.
    Promise.resolve({ cpuSeconds: (2 * clock.now()) / 1000, residentMib: 100 + (ticks += 1), peakMib: 300 });
  const result = await clock.run(measure({ ...optionsFor(server), usage, clock }));

  expect(result.alone).toEqual({ meanMs: 50, p50Ms: 50, p95Ms: 50, p99Ms: 50, squaredVariation: 0 });
  expect(result.closed.map(({ concurrency }) => concurrency)).toEqual([1, 2]);
  // 20 requests of 2 pairs and 100 tokens a second; 2 processors for 2,000 tokens a second.
  expect(result.saturation.pairsPerSecond).toBeCloseTo(40, 6);
  expect(result.saturation.tokensPerSecond).toBeCloseTo(2000, 6);
  expect(result.saturation.cpuSecondsPerPair).toBeCloseTo(0.05, 6);
  expect(result.saturation.cpuSecondsPer1kTokens).toBeCloseTo(1, 6);
  expect(result.memory).toEqual({ idleMib: 101, peakMib: 300 });

  const [low, most] = result.open as [OpenStep, OpenStep];
  // Poisson counts: within six standard deviations of the rate asked for.
  expect(Math.abs(low.offeredPerSecond - 6)).toBeLessThan(6 * Math.sqrt(6 / 40));
  expect(low.utilisation).toBeCloseTo(low.offeredPerSecond / 20, 6);
  // M/D/1 (Pollaczek and Khinchine): the mean wait is rho / (2 (1 - rho)) service times; within a fifth of it all.
  const rho = low.utilisation;
  const expected = 50 + (50 * rho) / (2 * (1 - rho));
  expect(low.meanMs / expected).toBeGreaterThan(0.8);
  expect(low.meanMs / expected).toBeLessThan(1.2);
  expect(most.meanMs).toBeGreaterThan(low.meanMs);
  expect(result.knee).toMatchObject({ factor: 3 });
  expect(result.knee!.p95Ms).toBeLessThan(150);
});

test('a step that other processes disturbed is measured again, and the least disturbed try counts', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 50);
  // For 400 virtual seconds another process takes half a processor, then none.
  const usage = () =>
    Promise.resolve({
      ...{ cpuSeconds: clock.now() / 1000, residentMib: 100, peakMib: 300 },
      elsewhereSeconds: Math.min(clock.now() / 1000, 400) / 2,
    });
  const lines: string[] = [];
  const result = await clock.run(measure({ ...optionsFor(server, lines), usage, clock }));
  const again = lines.filter((line) => line.includes('other processes took'));
  expect(again[0]).toBe('concurrency 1: other processes took 25 % of the processors; try 1 of 3');
  expect(again.length).toBeGreaterThanOrEqual(3);
  expect(result.closed[0]!.elsewhere).toBeCloseTo(0.25, 1);
  expect(result.open.at(-1)!.elsewhere).toBe(0);
});

test('the sweep goes on while it gains, and tells why it ended', async () => {
  const clock = new VirtualClock();
  // Eight servers: eight times the throughput of one.
  const servers = Array.from({ length: 8 }, () => new SingleServer(clock, () => 80));
  let turn = 0;
  const target: Target = {
    send: (query, signal) => servers[turn++ % 8]!.send(query, signal),
    wake: (query, signal) => servers[0]!.send(query, signal),
    close: () => undefined,
  };
  const result = await clock.run(measure({ ...optionsFor(target), clock }));
  expect(result.closed.map(({ concurrency }) => concurrency)).toEqual([1, 2, 4, 8, 16]);
  expect(result.saturation.pairsPerSecond).toBeCloseTo(200, 0);
});

test('failures are counted by cause, and the rest is measured', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 20);
  let inside = 0;
  const target: Target = {
    // Full from the third request in flight on.
    send: async (query, signal) => {
      inside += 1;
      try {
        if (inside > 2) throw new ThrottledError('full');
        return await server.send(query, signal);
      } finally {
        inside -= 1;
      }
    },
    wake: (query, signal) => server.send(query, signal),
    close: () => undefined,
  };
  const result = await clock.run(measure({ ...optionsFor(target), concurrency: [4], loads: [0.9], clock }));
  const [alone, four] = result.closed;
  expect(alone).toMatchObject({ failed: 0, throttled: 0, failures: {} });
  expect(four!.failed).toBeGreaterThan(0);
  expect(four!.throttled).toBe(four!.failed);
  expect(four!.failures).toEqual({ throttled: four!.failed });
  expect(result.open[0]!.failed).toBeGreaterThan(0);
  // A rate at which requests are refused is past the knee.
  expect(result.knee).toBeNull();
});

test('an endpoint that answers nothing is an error', async () => {
  const clock = new VirtualClock();
  const target: Target = {
    send: () => Promise.reject(new UnavailableError('service_unavailable', 'away')),
    wake: () => Promise.resolve(100),
    close: () => undefined,
  };
  await expect(clock.run(measure({ ...optionsFor(target), clock }))).rejects.toThrow(
    'no request was answered, not even one at a time: nothing to measure',
  );
});

test('tells when the endpoint counts other tokens', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 20);
  const target: Target = {
    send: async (query, signal) => 0.8 * (await server.send(query, signal)),
    wake: async (query, signal) => 0.8 * (await server.send(query, signal)),
    close: () => undefined,
  };
  const lines: string[] = [];
  const result = await clock.run(measure({ ...optionsFor(target, lines), clock }));
  expect(lines).toContainEqual(expect.stringContaining('counts 0.800 tokens for each one stated'));
  expect(result.open[0]!.utilisation).toBeCloseTo(result.open[0]!.offeredPerSecond / 50, 6);
});

test('a real server that refuses and hangs is measured all the same', async () => {
  let requests = 0;
  const service = await startService((_request, response, body) => {
    requests += 1;
    if (requests > 1 && requests % 5 === 0) return;
    if (requests > 1 && requests % 3 === 0) return void response.writeHead(429).end('{}');
    if (requests > 1 && requests % 7 === 0) return void response.writeHead(503).end('{}');
    return void setTimeout(() => response.end(answerTo(body)), 5);
  });
  try {
    const target = clientTarget(new HttpTransport({ url: service.url }), 150);
    const result = await measure({ ...optionsFor(target), seconds: 0.6, loads: [0.5] });
    const failures: Record<string, number> = {};
    for (const step of [...result.closed, ...result.open]) {
      expect(step.failed).toBe(Object.values(step.failures).reduce((sum, count) => sum + count, 0));
      for (const [code, count] of Object.entries(step.failures))
        failures[code] = (failures[code] ?? 0) + count;
    }
    expect(Object.keys(failures).sort()).toEqual(['model_error:429', 'model_error:503', 'timeout']);
    // Timeouts are failures, and do not make the answered ones slow.
    expect(result.alone.p50Ms).toBeLessThan(150);
    target.close();
  } finally {
    await service.close();
  }
});

test('the knee is the highest rate that is still quick and whole', () => {
  const step = (offeredPerSecond: number, p95Ms: number, failed = 0): OpenStep => ({
    offeredPerSecond,
    requestsPerSecond: offeredPerSecond,
    seconds: 1,
    requests: 1,
    failed,
    throttled: 0,
    failures: {},
    utilisation: 0,
    meanMs: 0,
    p50Ms: 0,
    p95Ms,
    p99Ms: 0,
  });
  expect(kneeOf(100, [step(1, 110), step(2, 299), step(3, 300), step(4, 250, 1)])).toEqual({
    offeredPerSecond: 2,
    p95Ms: 299,
    factor: 3,
  });
  expect(kneeOf(100, [step(1, 400)])).toBeNull();
});
