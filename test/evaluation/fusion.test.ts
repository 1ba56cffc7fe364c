import { fuse } from '../../evaluation/src/fusion.js';

const run = (scores: Record<string, number>): Map<string, { id: string; score: number }[]> =>
  new Map([['q', Object.entries(scores).map(([id, score]) => ({ id, score }))]]);
const scores = (fused: ReturnType<typeof fuse>): Record<string, number> =>
  Object.fromEntries(fused.get('q')!.map(({ id, score }) => [id, score]));

describe('fuse', () => {
  it('sums z-scores with the weight, worked by hand', () => {
    // Both sides have mean 2 and standard deviation sqrt(2/3), in opposite order.
    const z = Math.sqrt(3 / 2);
    const fused = scores(fuse(run({ a: 1, b: 2, c: 3 }), run({ a: 3, b: 2, c: 1 }), 0.25));
    expect(fused.a).toBeCloseTo(-0.75 * z + 0.25 * z, 12);
    expect(fused.b).toBeCloseTo(0, 12);
    expect(fused.c).toBeCloseTo(0.75 * z - 0.25 * z, 12);
  });

  it('does not depend on the scale or the offset of either side', () => {
    const [a, b] = [
      { x: 1, y: 5, z: 2 },
      { x: -4, y: 0, z: 3 },
    ];
    const larger = Object.fromEntries(Object.entries(b).map(([id, score]) => [id, 100 * score + 7]));
    const [plain, scaled] = [fuse(run(a), run(b), 0.35), fuse(run(a), run(larger), 0.35)].map(scores);
    for (const id of ['x', 'y', 'z']) expect(scaled[id]).toBeCloseTo(plain[id], 10);
  });

  it('keeps documents of both, and a side without spread says nothing', () => {
    expect(scores(fuse(run({ a: 1, b: 3, c: 9 }), run({ b: 5, a: 5 }), 0.5))).toEqual({ a: -0.5, b: 0.5 });
    expect(fuse(run({ a: 1 }), new Map(), 0.5).get('q')).toEqual([]);
  });

  it('refuses weights outside 0..1', () => {
    for (const weight of [-0.1, 1.1, Number.NaN]) {
      expect(() => fuse(run({ a: 1 }), run({ a: 1 }), weight)).toThrow(/0 to 1/);
    }
  });
});
