import { instanceType } from './hardware/instance-types';
import { openPriceBook } from './price-book/book';
import { checkRegion } from './price-book/regions';
import type { Figure } from './types';

/**
 * Price of an instance hour: as the user last fetched it, else from the shipped snapshot.
 * @returns null when neither has one: a gap, not 0
 * @throws CostError for an unknown instance type or region, with near matches.
 */
export function usdPerInstanceHour(type: string, region: string): Figure | null {
  instanceType(type);
  return openPriceBook().usdPerInstanceHour(type, checkRegion(region));
}
