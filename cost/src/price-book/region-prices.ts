/** Prices of a region, whichever way they were fetched, and how they follow from the list's entries. */

/** Terms of a savings plan; without payment in advance. */
export const SAVINGS_PLANS = ['1yr', '3yr'] as const;
export type SavingsPlan = (typeof SAVINGS_PLANS)[number];

/** USD an hour of hosting by instance type. */
type HourlyPrices = Readonly<Record<string, number>>;

/** Prices of a region as AWS gives them. */
export interface RegionPrices {
  readonly format: 2;
  readonly region: string;
  /** The public offer files, or the Price List API. */
  readonly origin: 'AWS offer files' | 'AWS Price List API';
  /** When they were fetched, ISO 8601, UTC. */
  readonly date: string;
  /** Publication date of the newest price among them, as the list states it. */
  readonly published: string;
  /** On demand. */
  readonly hosting: HourlyPrices;
  /** With a machine learning savings plan; empty where none was read. */
  readonly savingsPlans: Readonly<Record<SavingsPlan, HourlyPrices>>;
  /** USD a second of serverless inference by memory size in MB. */
  readonly serverless: Readonly<Record<string, number>>;
  /** USD a GB into or out of an endpoint; null where the list has none. */
  readonly usdPerDataGb: number | null;
  /** USD a GB and month of an endpoint's storage; null where the list has none. */
  readonly usdPerStorageGbMonth: number | null;
  /** Entries that named an instance type or memory size and no price above 0 in USD. */
  readonly withoutPrice: readonly string[];
}

/** What the prices are taken from: a product's attributes and its on-demand prices by range. */
export interface PriceListEntry {
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly dimensions: readonly PriceDimension[];
}

interface PriceDimension {
  readonly usd: number;
  readonly beginRange: number;
}

/** What a product is a price of; undefined for those that this book does not hold. */
export function pricedThing(
  attributes: PriceListEntry['attributes'],
): { readonly kind: 'hosting' | 'serverless' | 'data' | 'storage'; readonly name: string } | undefined {
  const { usagetype = '', instanceName, component } = attributes;
  // Provisioned concurrency has usage types of its own; `Mem-NGB` at the end is the on-demand second.
  const [, gb] = /ServerlessInf:Mem-(\d+)GB$/.exec(usagetype) ?? [];
  if (gb !== undefined) return { kind: 'serverless', name: String(Number(gb) * 1024) };
  // `Hosting` alone: asynchronous and notebook hours have other components.
  const [, type] = /(?:^|-)Host:(ml\.[a-z0-9-]+\.[a-z0-9]+)$/.exec(usagetype) ?? [];
  if (type !== undefined && component === 'Hosting') return { kind: 'hosting', name: instanceName ?? type };
  if (/(^|-)Hst:Data-Bytes-(In|Out)$/.test(usagetype)) return { kind: 'data', name: usagetype };
  if (/(^|-)Host:VolumeUsage\.gp2$/.test(usagetype)) return { kind: 'storage', name: usagetype };
  return undefined;
}

/** The prices of a region among entries of the list. */
export function collectPrices(
  entries: Iterable<PriceListEntry>,
  about: Pick<RegionPrices, 'region' | 'origin' | 'published'>,
  savingsPlans: RegionPrices['savingsPlans'] = { '1yr': {}, '3yr': {} },
): RegionPrices {
  const found: Record<'hosting' | 'serverless' | 'data' | 'storage', Record<string, number>> = {
    hosting: {},
    serverless: {},
    data: {},
    storage: {},
  };
  const withoutPrice: string[] = [];
  for (const { attributes, dimensions } of entries) {
    const { regionCode, usagetype = '' } = attributes;
    const thing = pricedThing(attributes);
    if (!thing || (regionCode !== undefined && regionCode !== about.region)) continue;
    // The first tier that costs something: below it lies the free tier of serverless seconds, at 0.
    const price = dimensions
      .filter(({ usd }) => usd > 0)
      .reduce<PriceDimension | undefined>((a, b) => (a && a.beginRange <= b.beginRange ? a : b), undefined);
    if (price) found[thing.kind][thing.name] = price.usd;
    else withoutPrice.push(usagetype);
  }
  // In and out, and classes of storage: the dearest, where they differ.
  const dearest = (prices: Record<string, number>): number | null =>
    Object.keys(prices).length === 0 ? null : Math.max(...Object.values(prices));
  return {
    format: 2,
    ...about,
    date: new Date().toISOString(),
    hosting: found.hosting,
    savingsPlans,
    serverless: found.serverless,
    usdPerDataGb: dearest(found.data),
    usdPerStorageGbMonth: dearest(found.storage),
    withoutPrice,
  };
}
