import { instanceType } from './hardware/instance-types.js';
import { openPriceBook } from './price-book/book.js';
import { checkRegion } from './price-book/regions.js';
import type { Figure } from './types.js';

/**
 * Price of an instance hour: as the user last fetched it, else from the shipped snapshot.
 * @returns null when neither has one: a gap, not 0
 * @throws CostError for an unknown instance type or region, with near matches.
 */
export function usdPerInstanceHour(type: string, region: string): Figure | null {
  instanceType(type);
  return openPriceBook().usdPerInstanceHour(type, checkRegion(region));
}
