import { pairedBootstrap } from '../../evaluation/src/bootstrap.js';
import { Random } from '../../models/src/common/random.js';

describe('pairedBootstrap', () => {
  it('is a point where every query differs by the same', () => {
    const { mean, low, high } = pairedBootstrap([0, 0.25, 0.5], [0.25, 0.5, 0.75]);
    expect([mean, low, high]).toEqual([0.25, 0.25, 0.25]);
  });

  it('gives the same interval for the same seed, and another for another', () => {
    const random = new Random(4);
    const [a, b] = [random.array(50, 0.2), random.array(50, 0.2)].map((list) => [...list]);
    const interval = (seed: number): unknown => pairedBootstrap(a, b, { seed, samples: 1000 });
    expect(interval(9)).toEqual(interval(9));
    expect(interval(9)).not.toEqual(interval(10));
  });

  it('is as wide as the normal interval of the mean for many queries', () => {
    const random = new Random(12);
    const differences = [...random.array(400, 0.1, 0.05)];
    const { mean, low, high } = pairedBootstrap(
      differences.map(() => 0),
      differences,
      { samples: 2000 },
    );
    // 1.96 standard errors each side: 0.1 / sqrt(400) = 0.005.
    expect(mean).toBeCloseTo(0.05, 1);
    expect(high - low).toBeGreaterThan(2 * 1.96 * 0.005 * 0.85);
    expect(high - low).toBeLessThan(2 * 1.96 * 0.005 * 1.15);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
  });

  it('refuses unequal or empty lists', () => {
    expect(() => pairedBootstrap([1], [1, 2])).toThrow(/1 and 2/);
    expect(() => pairedBootstrap([], [])).toThrow(/at least one/);
  });
});
