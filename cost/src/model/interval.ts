const { exp, log, sqrt } = Math;

/** A positive quantity known within a factor. `low` <= `value` <= `high`. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export const exactly = (value: number): Interval => ({ value, low: value, high: value });

/** An interval given by its ends; its value is their geometric mean. */
export const between = (low: number, high: number): Interval => ({ value: sqrt(low * high), low, high });

/** `value` known within ± `share` of itself, as a factor: 0.2 is from ÷ 1.2 to × 1.2. */
export const within = (value: number, share: number): Interval => ({
  value,
  low: value / (1 + share),
  high: value * (1 + share),
});

/**
 * Product of independent quantities. Relative errors are added in quadrature on the logarithms (the usual propagation of
 * independent errors), for each side apart: that all of them are wrong the same way at once is not assumed.
 */
export function product(...factors: readonly Interval[]): Interval {
  const value = factors.reduce((all, factor) => all * factor.value, 1);
  const side = (end: 'low' | 'high'): number =>
    sqrt(factors.reduce((sum, factor) => sum + log(factor[end] / factor.value) ** 2, 0));
  return { value, low: value / exp(side('low')), high: value * exp(side('high')) };
}

/** 1 ÷ the quantity. */
export const inverse = ({ value, low, high }: Interval): Interval => ({
  value: 1 / value,
  low: 1 / high,
  high: 1 / low,
});

/** The quantity times a known number. */
export const times = ({ value, low, high }: Interval, factor: number): Interval => ({
  value: value * factor,
  low: low * factor,
  high: high * factor,
});
