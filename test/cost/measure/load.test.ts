import fc from 'fast-check';
import { ThrottledError, ValidationError } from '@sagemaker-reranker/client';
import { poissonArrivals } from '../../../cost/src/measure/arrivals.js';
import { closedLoop, openLoop } from '../../../cost/src/measure/load.js';
import type { Target } from '../../../cost/src/measure/target.js';
import { queryOf, SingleServer } from './support/single-server.js';
import { VirtualClock } from './support/virtual-clock.js';

const next = () => queryOf(10);
const { signal } = new AbortController();

test('open loop: requests start when they are due, however slow the answers, and latency counts from then', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1000 }),
      fc.double({ min: 0.2, max: 3, noNaN: true }),
      async (seed, load) => {
        const clock = new VirtualClock();
        const server = new SingleServer(clock, () => 50);
        const arrivalsMs = poissonArrivals({ perSecond: 20 * load, seconds: 3, seed });
        const { samples } = await clock.run(openLoop({ target: server, next, clock, signal, arrivalsMs }));
        const sent = [...server.sentAt];
        expect(sent).toHaveLength(arrivalsMs.length);
        for (const [i, time] of sent.entries()) expect(time).toBeCloseTo(arrivalsMs[i]!, 6);
        // Lindley's recursion: who finds the server busy waits for what is left of the work before it.
        let free = 0;
        const expected = arrivalsMs.map((time) => (free = Math.max(free, time) + 50) - time);
        const latencies = samples.map(({ dueMs, endedMs }) => endedMs - dueMs);
        expect(latencies).toHaveLength(expected.length);
        for (const [i, latency] of latencies.entries()) expect(latency).toBeCloseTo(expected[i]!, 6);
      },
    ),
    { numRuns: 20 },
  );
});

test('open loop: a request that the generator sends late has waited since it was due', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 10);
  const busy: Target = {
    send: async (query, sending) => {
      // The generator's own thread is held up while it prepares a request.
      await clock.sleep(500, sending);
      return server.send(query, sending);
    },
    wake: (query, sending) => server.wake(query, sending),
    close: () => undefined,
  };
  const { samples } = await clock.run(openLoop({ target: busy, next, clock, signal, arrivalsMs: [0, 1000] }));
  expect(samples.map(({ dueMs, endedMs }) => endedMs - dueMs)).toEqual([510, 510]);
});

test('closed loop: as many in flight as asked, until its seconds are over', async () => {
  const clock = new VirtualClock();
  const server = new SingleServer(clock, () => 100);
  const run = await clock.run(
    closedLoop({ target: server, next, clock, signal, concurrency: 3, seconds: 2 }),
  );
  expect(server.most).toBe(3);
  expect(Math.max(...server.sentAt)).toBeLessThan(2000);
  // The server was never idle, and what was in flight at the end was waited for.
  expect(run.endedMs - run.startedMs).toBe(100 * run.samples.length);
  expect(run.samples.length).toBe(22);
});

test('closed loop: goes on for the requests it needs, but not for ever', async () => {
  const count = async (leastRequests: number): Promise<number> => {
    const clock = new VirtualClock();
    const target = new SingleServer(clock, () => 300);
    const run = closedLoop({ target, next, clock, signal, concurrency: 1, seconds: 1, leastRequests });
    return (await clock.run(run)).samples.length;
  };
  expect(await count(1)).toBe(4);
  expect(await count(10)).toBe(10);
  expect(await count(1000)).toBe(14);
});

test('closed loop: a full endpoint is given a pause, and its refusals are counted', async () => {
  const clock = new VirtualClock();
  const refusing: Target = {
    send: () => Promise.reject(new ThrottledError('slow down')),
    wake: () => Promise.resolve(0),
    close: () => undefined,
  };
  const run = await clock.run(
    closedLoop({ target: refusing, next, clock, signal, concurrency: 1, seconds: 1 }),
  );
  expect(run.samples).toHaveLength(10);
  expect(run.samples[0]!.failure).toEqual({ throttled: true, code: 'throttled' });
});

test('an error that will come again ends the step, and the requests beside it', async () => {
  const clock = new VirtualClock();
  let ended = 0;
  let calls = 0;
  const target: Target = {
    send: async (_query, sending) => {
      if ((calls += 1) === 2) throw new ValidationError('documents must be strings');
      await clock.sleep(60_000, sending).finally(() => (ended += 1));
      return 1;
    },
    wake: () => Promise.resolve(0),
    close: () => undefined,
  };
  const run = closedLoop({ target, next, clock, signal, concurrency: 3, seconds: 1 });
  await expect(clock.run(run)).rejects.toThrow('documents must be strings');
  expect(clock.now()).toBe(0);
  expect(ended).toBe(2);
});

test('an abort ends a step with its reason', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const server = new SingleServer(clock, () => 100);
  const target: Target = {
    send: (query, sending) => {
      if (server.sentAt.length === 3) stop.abort(new Error('interrupted'));
      return server.send(query, sending);
    },
    wake: (query, sending) => server.wake(query, sending),
    close: () => undefined,
  };
  const options = { target, next, clock, signal: stop.signal };
  await expect(clock.run(closedLoop({ ...options, concurrency: 2, seconds: 10 }))).rejects.toThrow(
    'interrupted',
  );
  await expect(clock.run(openLoop({ ...options, arrivalsMs: [5, 10] }))).rejects.toThrow('interrupted');
});
