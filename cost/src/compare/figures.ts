import type { Figure } from '../types.js';

/** A computed figure. Ends that are missing or not finite are left out: JSON has no infinity. */
export function estimated(value: number, source: string, low?: number, high?: number): Figure {
  return {
    value,
    ...(low !== undefined && Number.isFinite(low) && { low: Math.min(low, value) }),
    ...(high !== undefined && Number.isFinite(high) && { high: Math.max(high, value) }),
    basis: 'estimated',
    source,
  };
}

/** Low end of a figure, or its value. */
export const lowOf = ({ value, low = value }: Figure): number => low;

/** High end of a figure, or its value. */
export const highOf = ({ value, high = value }: Figure): number => high;

/** A duration for people: `12 ms`, `1.6 s`, `5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'without end';
  if (seconds < 1) return `${Math.ceil(seconds * 1000)} ms`;
  return seconds < 120 ? `${seconds.toPrecision(2)} s` : `${Math.round(seconds / 60)} min`;
}
