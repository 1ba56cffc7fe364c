import fc from 'fast-check';
import { LONGEST_REACH, Planner, Random, type PlanItem } from '@sagemaker-reranker/models';
import { drawLengths, parseLengthMix } from '../../../cost/src/measure/lengths.js';

const BUDGET = 1_024;

function padded(batch: readonly PlanItem<unknown>[]): number {
  return batch.length * Math.max(...batch.map(({ length }) => length));
}

function drain<R>(planner: Planner<R>): PlanItem<R>[][] {
  const batches: PlanItem<R>[][] = [];
  for (let batch = planner.next(); batch !== undefined; batch = planner.next()) batches.push(batch);
  return batches;
}

const lengthsOf = fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 40 });

describe('Planner', () => {
  it('gives every pair exactly once, within the budget', () => {
    fc.assert(
      fc.property(fc.array(lengthsOf, { maxLength: 8 }), (requests) => {
        const planner = new Planner<number>(BUDGET);
        requests.forEach((lengths, id) => planner.add(id, Uint32Array.from(lengths)));
        const seen = new Set<string>();
        for (const batch of drain(planner)) {
          if (batch.length > 1) expect(padded(batch)).toBeLessThanOrEqual(BUDGET);
          for (const { request, position, length } of batch) {
            expect(requests[request]![position]).toBe(length);
            seen.add(`${request}/${position}`);
          }
        }
        expect(seen.size).toBe(requests.flat().length);
        expect(planner.waitingTokens).toBe(0);
      }),
    );
  });

  it('shares what waits among idle processes, down to batches that are as fast as larger ones', () => {
    const planner = new Planner<string>(BUDGET);
    planner.add('a', new Uint32Array(8).fill(100));
    const sizes = [2, 1, 0].map((idle) => planner.next(idle)?.length);
    expect(sizes).toEqual([4, 4, undefined]);
    planner.add('b', new Uint32Array(8).fill(40));
    expect([4, 3, 2].map((idle) => planner.next(idle)?.length)).toEqual([3, 3, 2]);
    planner.add('c', new Uint32Array(8).fill(100));
    expect(planner.next(0)).toHaveLength(8);
  });

  it('lets nothing overtake a request once its time has come, whatever comes after it', () => {
    const step = fc.oneof(
      fc.record({ add: lengthsOf }),
      fc.record({ add: fc.constant([1]) }),
      fc.record({ batches: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const planner = new Planner<number>(BUDGET);
        /** Of each request: the tokens served when it came, and after which no newer one may lead a batch. */
        const came: { readonly at: number; readonly latest: number; left: number }[] = [];
        let served = 0;
        const serve = (): boolean => {
          const batch = planner.next();
          if (batch === undefined) return false;
          const leader = came[batch[0]!.request]!;
          for (const other of came) {
            if (other.left > 0) expect(leader.at).toBeLessThanOrEqual(other.latest);
          }
          for (const { request, length } of batch) {
            came[request]!.left -= 1;
            served += length;
          }
          return true;
        };
        for (const each of steps) {
          if ('add' in each) {
            const tokens = each.add.reduce((sum, length) => sum + length, 0);
            planner.add(came.length, Uint32Array.from(each.add));
            came.push({ at: served, latest: served + LONGEST_REACH * tokens, left: each.add.length });
          } else for (let i = 0; i < each.batches; i += 1) serve();
        }
        while (serve());
        expect(came.every(({ left }) => left === 0)).toBe(true);
      }),
    );
  });

  it('serves a long document in spite of an endless stream of short requests', () => {
    const planner = new Planner<string>(BUDGET);
    const long = 8_000;
    planner.add('long', Uint32Array.of(long));
    for (let served = 0; served <= LONGEST_REACH * long; served += BUDGET) {
      planner.add(`short ${served}`, Uint32Array.of(BUDGET));
      if (planner.next()![0]!.request === 'long') return;
    }
    throw new Error('the long document was overtaken for longer than the rule says');
  });

  it('serves requests of one size in the order they come', () => {
    const planner = new Planner<number>(BUDGET);
    for (let id = 0; id < 20; id += 1) planner.add(id, new Uint32Array(3).fill(200));
    const order = drain(planner).map((batch) => batch[0]!.request);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('serves a short request that comes behind a large one at once', () => {
    const planner = new Planner<string>(BUDGET);
    planner.add('large', new Uint32Array(5_000).fill(200));
    planner.next();
    planner.add('small', Uint32Array.of(40, 41, 42));
    expect(planner.next()!.map(({ request }) => request)).toEqual(['small', 'small', 'small']);
  });

  it('fills a batch with pairs of other requests to a quarter of its budget', () => {
    const planner = new Planner<number>(BUDGET);
    for (let id = 0; id < 28; id += 1) planner.add(id, Uint32Array.of(64));
    expect(drain(planner).map((batch) => batch.length)).toEqual(new Array(7).fill(4));
  });

  it('fills a batch of a request with all that fits of its own', () => {
    const planner = new Planner<string>(BUDGET);
    planner.add('large', new Uint32Array(500).fill(64));
    planner.add('small', new Uint32Array(10).fill(64));
    expect(planner.next()!.map(({ request }) => request)).toEqual(new Array(10).fill('small'));
  });

  it('runs nothing but single rows beyond its limit', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 60_000 }), (all, most) => {
        const cost = (rows: number, width: number): number => rows * width * width;
        const planner = new Planner<number>(BUDGET, (rows, width) => cost(rows, width) <= most);
        planner.add(1, Uint32Array.from(all));
        for (const batch of drain(planner)) {
          const width = batch.reduce((longest, { length }) => Math.max(longest, length), 0);
          if (batch.length > 1) expect(cost(batch.length, width)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  // The traffic that the engine is measured with, and one with a long tail; what a query and special tokens add.
  const mixes = ['mix', '24:60:128', '150:400:1000', '96', '44:149:8192'];
  const around = 9;
  describe.each(mixes)('of documents of %s tokens', (mix) => {
    it.each([
      [1, 100],
      [16, 10],
      [16, 50],
    ])('pads under 3 %% where %d request(s) of %d wait', (requests, documents) => {
      for (let seed = 1; seed <= 10; seed += 1) {
        const random = new Random(seed);
        const planner = new Planner<number>(512);
        let real = 0;
        for (let id = 0; id < requests; id += 1) {
          const lengths = drawLengths(parseLengthMix(mix), documents, random).map(
            (length) => length + around,
          );
          real += lengths.reduce((sum, length) => sum + length, 0);
          planner.add(id, Uint32Array.from(lengths));
        }
        const batches = drain(planner);
        const cells = batches.reduce((sum, batch) => sum + padded(batch), 0);
        expect(cells / real - 1).toBeLessThan(0.03);
        // A batch is as fast per token from about 128 tokens on.
        if (requests * documents > 500) expect(real / batches.length).toBeGreaterThan(128);
      }
    });
  });

  it('forgets a removed request and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(lengthsOf, { minLength: 2, maxLength: 6 }),
        fc.nat({ max: 5 }),
        (requests, before) => {
          const planner = new Planner<number>(BUDGET);
          requests.forEach((lengths, id) => planner.add(id, Uint32Array.from(lengths)));
          const early = Array.from({ length: before }, () => planner.next() ?? []).flat();
          planner.remove(0);
          planner.remove(99);
          const late = drain(planner).flat();
          expect(late.filter(({ request }) => request === 0)).toEqual([]);
          const others = [...early, ...late].filter(({ request }) => request !== 0).length;
          expect(others).toBe(requests.slice(1).flat().length);
          expect(planner.waitingTokens).toBe(0);
        },
      ),
    );
  });
});
