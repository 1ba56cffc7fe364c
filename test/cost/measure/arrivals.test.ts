import fc from 'fast-check';
import { arrivalsWithin, poissonArrivals } from '../../../cost/src/measure/arrivals.js';

const rates = fc.double({ min: 0.01, max: 100, noNaN: true });
const spans = fc.double({ min: 0.1, max: 100, noNaN: true });
const seeds = fc.integer({ min: 0, max: 0xffffffff });

const { abs } = Math;

test('arrivals rise, lie in the window, and depend on the seed alone', () => {
  fc.assert(
    fc.property(rates, spans, seeds, (perSecond, seconds, seed) => {
      const times = poissonArrivals({ perSecond, seconds, seed });
      expect(poissonArrivals({ perSecond, seconds, seed })).toEqual(times);
      const ordered = times.every((time, i) => time >= (times[i - 1] ?? 0));
      expect(ordered).toBe(true);
      expect(times.at(-1) ?? 0).toBeLessThan(1000 * seconds);
    }),
    { numRuns: 50 },
  );
});

test('a rate k times as high is the same process k times as fast', () => {
  fc.assert(
    fc.property(rates, seeds, (perSecond, seed) => {
      const slow = poissonArrivals({ perSecond: 1, seconds: 50, seed });
      const fast = poissonArrivals({ perSecond, seconds: 50 / perSecond, seed });
      // A time at the very end may fall on either side of it by rounding.
      expect(abs(slow.length - fast.length)).toBeLessThanOrEqual(1);
      const apart = fast.slice(0, slow.length).filter((time, i) => abs(time * perSecond - slow[i]!) > 1e-6);
      expect(apart).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test('counts and gaps are those of a Poisson process', () => {
  const seconds = 20_000;
  const times = poissonArrivals({ perSecond: 5, seconds, seed: 11 });
  // Six standard deviations of a count whose variance is its mean.
  expect(abs(times.length - 5 * seconds)).toBeLessThan(6 * Math.sqrt(5 * seconds));
  const gaps = times.map((time, i) => (time - (times[i - 1] ?? 0)) / 1000);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  // Exponential: standard deviation equal to the mean, half of the gaps under ln 2 of it.
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  expect(gaps.filter((gap) => gap < Math.LN2 * mean).length / gaps.length).toBeCloseTo(0.5, 2);
  // Neighbouring gaps have nothing to do with each other.
  const products = gaps.slice(1).reduce((sum, gap, i) => sum + (gap - mean) * (gaps[i]! - mean), 0);
  expect(products / (gaps.length - 1) / variance).toBeCloseTo(0, 1);
});

test('arrivals in a window are as many as were asked for, and keep the shape of their process', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(),
      (requests, seconds, seed) => {
        const times = arrivalsWithin({ requests, seconds, seed });
        expect(times).toHaveLength(requests);
        expect(times.at(-1)).toBeLessThan(1000 * seconds);
        const unit = poissonArrivals({ perSecond: 1, seconds: 2 * requests + 100, seed });
        const stretch = times[0]! / unit[0]!;
        times.forEach((time, i) => expect(time).toBeCloseTo(unit[i]! * stretch, 6));
      },
    ),
    { numRuns: 50 },
  );
});
