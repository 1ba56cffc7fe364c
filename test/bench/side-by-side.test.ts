import { median, medianRatio, sideBySide } from '../../bench/src/side-by-side.js';

describe('sideBySide', () => {
  it('runs the contestants in turns, with one untimed round first', async () => {
    const calls: string[] = [];
    const times = await sideBySide({ a: async () => calls.push('a'), b: async () => calls.push('b') }, 5);
    expect(calls.join('')).toBe('ab'.repeat(6));
    expect(times.a).toHaveLength(5);
    expect(times.b).toHaveLength(5);
  });
});

describe('median', () => {
  it('is the middle, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(() => median([])).toThrow(RangeError);
  });

  it('of ratios is taken round by round', () => {
    expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
  });
});
