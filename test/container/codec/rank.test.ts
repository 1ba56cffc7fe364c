import fc from 'fast-check';
import { scoreOf } from '../../../container/src/codec/index.js';

const logits = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('a score', () => {
  const score = (logit: number) => scoreOf({ rawScores: false }, logit);

  it('is a fraction of at most 18 characters, as OpenSearch reads it: a longer or a whole number fails there', () => {
    // A logit as the embedded model gives it, whose sigmoid has 19 characters, and those of sigmoids that round to 0 and 1.
    for (const logit of [-2.3424813747406006, -100, -800, 37, 800]) {
      expect(JSON.stringify({ score: score(logit) })).toMatch(/^\{"score":(?=.{1,18}\}$)\d\.?\d*(e-\d+)?\}$/);
      expect(Number.isInteger(score(logit))).toBe(false);
    }
    fc.assert(
      fc.property(logits, (logit) => {
        expect(JSON.stringify(score(logit)).length).toBeLessThanOrEqual(18);
        expect(score(logit)).toBeGreaterThan(0);
        expect(score(logit)).toBeLessThan(1);
      }),
    );
  });

  it('is the sigmoid to ten digits, or the logit itself', () => {
    fc.assert(
      fc.property(logits, (logit) => {
        expect(scoreOf({ rawScores: true }, logit)).toBe(logit);
        const sigmoid = 1 / (1 + Math.exp(-logit));
        if (sigmoid > 1e-300) expect(Math.abs(score(logit) - sigmoid)).toBeLessThanOrEqual(1e-10 * sigmoid);
      }),
    );
  });

  it('keeps the order of the logits', () => {
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        if (a < b) expect(score(a)).toBeLessThanOrEqual(score(b));
      }),
    );
  });
});
