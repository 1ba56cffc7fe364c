import type { HostingOption } from '../types.js';

/** Whether an option has a price of the region itself. */
export const isPricedIn = ({ usdPerMonth, priceRegion }: HostingOption, region: string): boolean =>
  usdPerMonth !== null && priceRegion === region;

/**
 * Those that meet the target by cost: prices of the region, then stand-ins of other regions, then those without a price; of equal
 * cost the faster first. Then the others, the nearest to the target first, and of equally near the cheaper.
 */
export function cheapestFirst(region: string): (a: HostingOption, b: HostingOption) => number {
  const value = (figure: HostingOption['p95Ms']): number => figure?.value ?? Number.MAX_VALUE;
  const rank = (option: HostingOption): number =>
    option.usdPerMonth === null ? 2 : isPricedIn(option, region) ? 0 : 1;
  return (a, b) => {
    if (a.meetsTarget !== b.meetsTarget) return a.meetsTarget ? -1 : 1;
    const cost = rank(a) - rank(b) || value(a.usdPerMonth) - value(b.usdPerMonth);
    const latency = value(a.p95Ms) - value(b.p95Ms);
    return a.meetsTarget ? cost || latency : latency || cost;
  };
}
