import fc from 'fast-check';
import { Random } from '@sagemaker-reranker/models';
import { poissonArrivals } from '../../../cost/src/measure/arrivals.js';
import { leastSquares } from '../../../cost/src/model/least-squares.js';
import { Queue } from '../../../cost/src/model/queue.js';
import { simulateArrivals, simulateClosed, type Timing } from '../../../cost/src/model/simulation.js';
import { drawFrom, fitTiming, saturatedPerSecond } from '../../../cost/src/model/timing.js';
import { measurement } from '../support/measurement.js';

const TOKEN_SECONDS = 0.0001;
const timing = (fixed: Partial<Timing> = {}): Timing => ({
  request: 0,
  batch: 0,
  pair: 0,
  latency: 0,
  pairLatency: 0,
  answer: 0,
  answerToken: 0,
  cores: 1,
  processes: 1,
  token: () => TOKEN_SECONDS,
  ...fixed,
});
const pairs = (documents: number, tokens: number) => () => new Uint32Array(documents).fill(tokens);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test.each([0.5, 0.8])(
  'whole batches of one query are M/D/1 at a load of %d (Pollaczek and Khinchine)',
  (rho) => {
    // A query of 512 tokens fills a batch: 51.2 ms, and no two share one.
    const seconds = 512 * TOKEN_SECONDS;
    const arrivals = poissonArrivals({ perSecond: rho / seconds, seconds: 20_000 * seconds, seed: 3 });
    const { latencies } = simulateArrivals(
      { timing: timing(), servers: 1 },
      arrivals.map((ms) => ms / 1000),
      pairs(1, 512),
    );
    const expected = seconds * (1 + rho / (2 * (1 - rho)));
    expect(mean(latencies) / expected).toBeGreaterThan(0.93);
    expect(mean(latencies) / expected).toBeLessThan(1.07);
  },
);

test('a request alone takes the sum of its parts; under load short ones share a batch', () => {
  const parts = timing({ request: 0.004, batch: 0.002, pair: 0.001, latency: 0.01, pairLatency: 0.003 });
  const alone = simulateArrivals({ timing: parts, servers: 1 }, [0], pairs(4, 100)).latencies[0];
  expect(alone).toBeCloseTo(0.004 + 0.002 + 4 * 0.001 + 0.01 + 4 * 0.003 + 400 * TOKEN_SECONDS, 9);
  const crowd = simulateClosed(
    { timing: parts, servers: 1 },
    { concurrency: 32, requests: 400 },
    pairs(1, 60),
  );
  expect(crowd.latencies).toHaveLength(400);
  expect(crowd.batches).toBeLessThan(250);
});

test('processes divide a machine: a batch takes one of them longer, and batches run side by side', () => {
  const times = (documents: number, processes: number) =>
    simulateArrivals({ timing: timing({ processes }), servers: 1 }, [0], pairs(documents, 256)).latencies[0]!;
  expect(times(1, 2)).toBeCloseTo(2 * times(1, 1), 9);
  // Idle processes share a request.
  expect(times(2, 2)).toBeCloseTo(times(2, 1), 9);
  expect(times(8, 4)).toBeCloseTo(times(8, 1), 9);
  const closed = (processes: number) => {
    const machines = { timing: timing({ processes }), servers: 1 };
    return simulateClosed(machines, { concurrency: 8, requests: 200 }, pairs(2, 256)).seconds;
  };
  expect(closed(4) / closed(1)).toBeCloseTo(1, 1);
});

test('one thread reads and answers: requests wait for it, and more processes do not make it faster', () => {
  const slow = timing({ answer: 0.01, answerToken: 0.0001 });
  const alone = simulateArrivals({ timing: slow, servers: 1 }, [0], pairs(1, 100)).latencies[0];
  expect(alone).toBeCloseTo(0.01 + 100 * 0.0001 + 100 * TOKEN_SECONDS, 9);
  for (const processes of [4, 64]) {
    const machines = { timing: { ...slow, processes, token: () => 1e-7 }, servers: 1 };
    const { seconds } = simulateClosed(machines, { concurrency: 64, requests: 400 }, pairs(1, 100));
    expect(400 / seconds / 50).toBeCloseTo(1, 1);
  }
  // What it does is part of the request's work, where that is more.
  const part = timing({ answer: 0.01, request: 0.03 });
  expect(simulateArrivals({ timing: part, servers: 1 }, [0], pairs(1, 100)).latencies[0]).toBeCloseTo(
    0.04,
    9,
  );
});

test('more instances serve the same load sooner, and each request goes to the one with the fewest', () => {
  const arrivals = Array.from({ length: 8 }, () => 0);
  const by = (servers: number): number =>
    Math.max(...simulateArrivals({ timing: timing(), servers }, arrivals, pairs(1, 512)).latencies);
  expect(by(1)).toBeCloseTo(8 * 512 * TOKEN_SECONDS, 9);
  expect(by(4)).toBeCloseTo(2 * 512 * TOKEN_SECONDS, 9);
  expect(by(8)).toBeCloseTo(512 * TOKEN_SECONDS, 9);
});

test('no latency is less than the work of the request, whatever comes when', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.integer({ min: 1, max: 700 })), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 3 }),
      (requests, servers) => {
        const sorted = [...requests].sort((a, b) => a[0] - b[0]);
        const { latencies } = simulateArrivals(
          { timing: timing({ request: 0.001 }), servers },
          sorted.map(([time]) => time),
          (i) => Uint32Array.of(sorted[i]![1]),
        );
        expect(latencies).toHaveLength(requests.length);
        latencies.forEach((latency, i) =>
          expect(latency).toBeGreaterThan(sorted[i]![1] * TOKEN_SECONDS + 0.001 - 1e-9),
        );
      },
    ),
  );
});

test('p95 grows with the load and has no end at saturation; more instances share it better', () => {
  const queue = new Queue(timing({ request: 0.001 }), { documents: 40, mix: [{ tokens: 80, share: 1 }] }, 1);
  const at = [0, 0.3, 0.5, 0.7, 0.85, 0.97].map((load) => queue.p95(load, 1));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(queue.p95(1, 1)).toBe(Infinity);
  expect(queue.p95(0.8, 4)).toBeLessThan(queue.p95(0.8, 1));
  expect(queue.alone).toBeGreaterThan(0.8);
  expect(queue.alone).toBeLessThan(1.5);
});

describe('the queue of one kind of query', () => {
  // A query of 512 tokens fills a batch, and no two share one.
  const queue = new Queue(timing(), { documents: 1, mix: [{ tokens: 512, share: 1 }] }, 1);

  test.each([0.4, 0.6, 0.7, 0.8, 0.85])(
    'has the 95th percentile of M/D/1 at a load of %d (Lindley: a wait is the last one, and its service, less the gap)',
    (load) => {
      const random = new Random(1);
      let wait = 0;
      const times = Float64Array.from({ length: 500_000 }, () => {
        wait = Math.max(0, wait + 1 + Math.log(1 - random.next()) / load);
        return wait + 1;
      }).sort();
      const expected = times[475_000]!;
      const many = new Queue(timing(), { documents: 30, mix: [{ tokens: 512, share: 1 }] }, 1);
      for (const each of [queue, many]) {
        expect(each.p95(load, 1) / expected).toBeGreaterThan(0.88);
        expect(each.p95(load, 1) / expected).toBeLessThan(1.12);
      }
    },
  );

  test('is on the line between two simulated loads, and grows as 1 ÷ what is free past the last', () => {
    expect(queue.p95(0.5, 1)).toBeCloseTo((queue.p95(0.4, 1) + queue.p95(0.6, 1)) / 2, 9);
    expect(queue.p95(0.45, 1)).toBeCloseTo(0.75 * queue.p95(0.4, 1) + 0.25 * queue.p95(0.6, 1), 9);
    expect(queue.p95(0.925, 1)).toBeCloseTo(2 * queue.p95(0.85, 1), 9);
    expect(queue.p95(0, 1)).toBe(queue.p95(0.02, 1));
    expect(queue.p95(1, 8)).toBe(Infinity);
  });

  test('takes more instances for the most that are simulated', () => {
    expect(queue.p95(0.8, 7)).toBe(queue.p95(0.8, 4));
    expect(queue.p95(0.8, 100)).toBe(queue.p95(0.8, 8));
    const some = [1, 2, 3, 4, 8].map((servers) => queue.p95(0.8, servers));
    expect(new Set(some).size).toBe(5);
  });

  test('knows the time of a query alone, of one with more documents than are simulated, too', () => {
    // 16 documents of 64 tokens: two batches, and 0.1024 s of tokens. Sixteen in flight saturate to about a per cent.
    const parts = timing({ request: 0.02, batch: 0.01, latency: 0.05 });
    const { alone } = new Queue(parts, { documents: 16, mix: [{ tokens: 64, share: 1 }] }, 1);
    expect(alone).toBeCloseTo((0.02 + 2 * 0.01 + 0.1024 + 0.05) / (0.02 + 2 * 0.01 + 0.1024), 1);
  });
});

// Each simulated query stands for a larger one; what is planned with is held against the queries as they come.
test.each([
  [100, 8],
  [100, 64],
  [400, 32],
])('queries of %d documents on %d processes take what they take pair by pair', (documents, processes) => {
  const mix = [60, 180, 700].map((tokens, i) => ({ tokens, share: [0.6, 0.3, 0.1][i]! }));
  const parts = timing({ batch: 0.002, answer: 0.001, answerToken: 1e-6, cores: 2, processes: 2 });
  const cores = { ...parts, processes, cores: processes };
  const whole = { ...cores, answer: (0.001 * processes) / 2, answerToken: (1e-6 * processes) / 2 };
  const perSecond = saturatedPerSecond(whole, { documents, mix });
  const arrivals = poissonArrivals({
    perSecond: 0.02 * perSecond,
    seconds: 80 / (0.02 * perSecond),
    seed: 5,
  });
  const { latencies } = simulateArrivals(
    { timing: whole, servers: 1 },
    arrivals.map((ms) => ms / 1000),
    drawFrom({ documents, mix }, 1),
  );
  const sorted = [...latencies].sort((a, b) => a - b);
  const expected = sorted[Math.ceil(0.95 * sorted.length) - 1]! * perSecond;
  const found = new Queue(parts, { documents, mix }, processes).p95(0.02, 1);
  expect(found / expected).toBeGreaterThan(0.75);
  expect(found / expected).toBeLessThan(1.5);
});

test('fixed times are found again in a measurement that was made with them', () => {
  const made = timing({ request: 0.003, batch: 0.001, pair: 0.0005, latency: 0.004 });
  const mix = [40, 75, 180].map((tokens) => ({ tokens, share: 1 / 3 }));
  const step = (documents: number, concurrency: number) => {
    const random = new Random(documents);
    const outcome = simulateClosed({ timing: made, servers: 1 }, { concurrency, requests: 600 }, () =>
      Uint32Array.from({ length: documents }, () => mix[random.below(3)]!.tokens),
    );
    const latency = 1000 * mean(outcome.latencies);
    return {
      ...{ concurrency, seconds: outcome.seconds, requests: 600, failed: 0, throttled: 0, failures: {} },
      ...{ meanMs: latency, p50Ms: latency, p95Ms: latency, p99Ms: latency },
      ...{ requestsPerSecond: 600 / outcome.seconds, pairsPerSecond: 0, tokensPerSecond: 0 },
    };
  };
  const levels = (documents: number) => [1, 4, 16].map((concurrency) => step(documents, concurrency));
  const m = measurement({
    traffic: {
      documentsPerQuery: 20,
      queryTokens: 0,
      documentTokens: mix,
      meanPairTokens: (40 + 75 + 180) / 3,
      seed: 1,
    },
    closed: levels(20),
    sizes: [1, 5].map((documents) => ({
      documentsPerQuery: documents,
      meanPairTokens: (40 + 75 + 180) / 3,
      closed: levels(documents),
    })),
  });
  const { timing: found, residuals } = fitTiming(m, []);
  for (const { measuredPerSecond, fittedPerSecond } of residuals())
    expect(Math.abs(fittedPerSecond / measuredPerSecond - 1)).toBeLessThan(0.1);
  const one = { documents: 1, mix };
  expect(saturatedPerSecond(found, one) / saturatedPerSecond(made, one)).toBeCloseTo(1, 1);
  expect(found.request + found.pair).toBeGreaterThan(0.002);
  expect(found.request + found.pair).toBeLessThan(0.005);
});

test('least squares finds the exact solution, and no negative one', () => {
  expect(
    leastSquares(
      [
        [1, 2],
        [3, 4],
        [5, 7],
      ],
      [5, 11, 19],
    ),
  ).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9)]);
  // Without the bound the second would be -1.
  expect(
    leastSquares(
      [
        [1, 1],
        [1, 2],
      ],
      [1, 0],
    ),
  ).toEqual([0.5, 0]);
});
