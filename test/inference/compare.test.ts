import fc from 'fast-check';
import { kendallTau } from '@sagemaker-reranker/inference/verify';

const scores = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 20 });

describe("Kendall's tau-b", () => {
  it('equals values worked out by hand', () => {
    expect(kendallTau([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1);
    expect(kendallTau([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
    // 5 of 6 pairs agree, one does not.
    expect(kendallTau([1, 2, 3, 4], [1, 2, 4, 3])).toBeCloseTo(4 / 6, 12);
    // One tie in the first: 5 pairs of 6 untied there, all of them in agreement.
    expect(kendallTau([1, 1, 3, 4], [1, 2, 3, 4])).toBeCloseTo(5 / Math.sqrt(30), 12);
  });

  it('is 1 with itself, symmetric, and turns its sign with the order', () => {
    fc.assert(
      fc.property(scores, fc.func(fc.integer()), (a, f) => {
        const b = a.map((x, i) => f(x, i) % 7);
        const tau = kendallTau(a, b);
        expect(kendallTau(a, a)).toBeCloseTo(1, 12);
        expect(kendallTau(b, a)).toBeCloseTo(tau, 12);
        const varied = new Set(a).size > 1 && new Set(b).size > 1;
        const reversed = a.map((x) => -x);
        if (varied) expect(kendallTau(reversed, b)).toBeCloseTo(-tau, 12);
      }),
    );
  });
});
