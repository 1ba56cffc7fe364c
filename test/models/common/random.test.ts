import { Random } from '../../../models/src/common/random.js';

describe('random numbers', () => {
  it('are those of the published generators, worked in whole numbers without bound', () => {
    const word = (x: bigint): bigint => x & 0xffffffffn;
    const rotated = (x: bigint, by: bigint): bigint => word((x << by) | (x >> (32n - by)));
    let counter = 5n;
    const s = Array.from({ length: 4 }, () => {
      counter = word(counter + 0x9e3779b9n);
      let z = word((counter ^ (counter >> 16n)) * 0x21f0aaadn);
      z = word((z ^ (z >> 15n)) * 0x735a2d97n);
      return z ^ (z >> 15n);
    }) as [bigint, bigint, bigint, bigint];
    const random = new Random(5);
    for (let i = 0; i < 100; i++) {
      expect(random.uint32()).toBe(Number(word(rotated(word(s[1] * 5n), 7n) * 9n)));
      const shifted = word(s[1] << 9n);
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotated(s[3], 11n);
    }
  });

  it('repeat with the seed alone', () => {
    const numbers = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 3 }, () => random.uint32());
    };
    expect(numbers(5)).toEqual(numbers(5));
    expect(numbers(6)).not.toEqual(numbers(5));
  });

  it('have the mean and deviation asked for', () => {
    const values = new Random(1).array(20_000, 2, 3);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    expect(mean).toBeCloseTo(3, 1);
    expect(deviation).toBeCloseTo(2, 1);
  });
});
