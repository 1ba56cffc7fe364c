import fc from 'fast-check';
import { drawLengths, lengthShares, parseLengthMix } from '../../../cost/src/measure/lengths.js';
import { Random } from '../../../models/src/common/random.js';

test('reads a mix', () => {
  expect(parseLengthMix('mix')).toEqual({ median: 44, p90: 149, most: 317 });
  expect(parseLengthMix('200')).toEqual({ median: 200, p90: 200, most: 200 });
  expect(parseLengthMix('50:100')).toEqual({ median: 50, p90: 100, most: 100 });
  expect(parseLengthMix('50:100:400')).toEqual({ median: 50, p90: 100, most: 400 });
});

test.each(['', '0', '-3', '1.5', '100:50', '50:100:99', '1:2:3:4', 'long', '9000'])('refuses %j', (text) => {
  expect(() => parseLengthMix(text)).toThrow(
    `--tokens is ${JSON.stringify(text)}; it must be mix (44:149:317), a length such as 200`,
  );
});

test('a mix has the quantiles it names', () => {
  const lengths = drawLengths(parseLengthMix('mix'), 20_000, new Random(3));
  const over = (tokens: number): number =>
    lengths.filter((length) => length > tokens).length / lengths.length;
  expect(over(44)).toBeCloseTo(0.5, 1);
  expect(over(149)).toBeCloseTo(0.1, 2);
  expect(Math.max(...lengths)).toBe(317);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1);
});

test('one length is one length', () => {
  expect(new Set(drawLengths(parseLengthMix('200'), 50, new Random(1)))).toEqual(new Set([200]));
  expect(lengthShares([200, 200, 200])).toEqual([{ tokens: 200, share: 1 }]);
});

test('shares sum to one and keep the mean', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8000 }), { minLength: 1, maxLength: 300 }), (lengths) => {
      const shares = lengthShares(lengths);
      const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
      expect(shares.length).toBeLessThanOrEqual(20);
      expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(shares.reduce((sum, { tokens, share }) => sum + tokens * share, 0)).toBeCloseTo(mean, 6);
    }),
  );
});
