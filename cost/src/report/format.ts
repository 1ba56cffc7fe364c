/** Numbers for people: three significant digits, all of them from 1,000 on: `0.0123`, `1,234`. */
export function count(value: number): string {
  const digits = Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return value.toLocaleString('en-US', digits);
}

/** A number with what it counts: `1 query`, `5 queries`. */
export const counted = (value: number, one: string, several: string): string =>
  `${count(value)} ${value === 1 ? one : several}`;

export function usd(value: number): string {
  return `${value < 0 ? '−' : ''}$${count(Math.abs(value))}`;
}

/** Short, for an axis: `$500`, `$20K`, `$1M`. */
export function compactUsd(value: number): string {
  return `$${value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 })}`;
}

/** `850 ms`, `1.15 s` */
export function duration(ms: number): string {
  return ms < 1000 ? `${count(ms)} ms` : `${count(ms / 1000)} s`;
}

export function percent(share: number): string {
  return `${count(100 * share)} %`;
}
