import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '@sagemaker-reranker/models';
import type { Figure } from '../types.js';
import { cachedRegions, priceCacheDirectory, readCachedPrices } from './cache.js';
import type { RegionPrices, SavingsPlan } from './region-prices.js';
import { nearestRegions } from './regions.js';

/** A hosting price of the snapshot. */
interface HostingRow {
  readonly instanceType: string;
  readonly region: string;
  readonly usdPerHour: number;
  /** How it was obtained; `derived` and a single source are the weakest. */
  readonly confidence: string;
  /** Computed from another price, and thus an estimate. */
  readonly derived: boolean;
  readonly date: string;
  readonly source: string;
}

interface Ranged {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

interface Sourced {
  readonly date: string;
  readonly confidence: string;
  readonly source: string;
}

/** An API that reranks, and how it is billed. */
export type ServicePrice = Sourced & {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
} & (
    | { readonly unit: 'query'; readonly documentsPerUnit: number; readonly usdPer1000: Ranged }
    | { readonly unit: 'million-tokens'; readonly usdPerMillionTokens: Ranged }
  );

interface Snapshot {
  readonly date: string;
  readonly note: string;
  readonly rows: readonly HostingRow[];
}

interface OtherPrices {
  readonly serverless: Sourced & {
    readonly region: string;
    readonly usdPerGbSecond: number;
    readonly memoryMb: readonly number[];
  };
  readonly dataProcessing: Sourced & { readonly usdPerGb: Ranged };
  readonly endpointStorage: Sourced & { readonly usdPerGbMonth: Readonly<Record<string, number>> };
  readonly crossZone: Sourced & { readonly usdPerGb: number };
  readonly logs: Sourced & { readonly usdPerGb: number };
  readonly savingsPlans: Sourced & { readonly greatestDiscount: number };
  readonly services: readonly ServicePrice[];
  readonly gaps: readonly string[];
}

/** A price an hour with its region and instance type, for a listing. */
export interface ListedPrice {
  readonly instanceType: string;
  readonly region: string;
  readonly usdPerHour: Figure;
  readonly confidence: string;
  readonly date: string;
}

/** A price with the region it is of: another than the asked one is a stand-in, and its figure an estimate. */
interface RegionalPrice {
  readonly usd: Figure;
  readonly region: string;
}

/**
 * How on-demand prices of one region differ from another's. An assumption: EC2's price list has most regions between the
 * price of us-east-1 and half as much again, São Paulo above that.
 */
const STAND_IN = { low: 0.9, high: 1.6 };

/**
 * Prices by region: those fetched from AWS where the user has fetched them, else the dated snapshot that ships with this
 * package. A price that is in neither is null, never 0.
 */
export class PriceBook {
  readonly #snapshot: Snapshot;
  readonly #other: OtherPrices;
  readonly #fetched: ReadonlyMap<string, RegionPrices>;
  /** By region and instance type, cheapest first. */
  readonly #hosting = new Map<string, Map<string, ListedPrice>>();

  constructor(snapshot: Snapshot, other: OtherPrices, fetched: readonly RegionPrices[] = []) {
    this.#snapshot = snapshot;
    this.#other = other;
    this.#fetched = new Map(fetched.map((prices) => [prices.region, prices]));
    const snapshotRows = snapshot.rows.filter(({ region }) => !this.#fetched.has(region)).map(snapshotPrice);
    for (const price of [...snapshotRows, ...fetched.flatMap(fetchedList)].sort(
      (a, b) => a.usdPerHour.value - b.usdPerHour.value,
    )) {
      const types = this.#hosting.get(price.region) ?? new Map<string, ListedPrice>();
      this.#hosting.set(price.region, types.set(price.instanceType, price));
    }
  }

  /** Date of the prices of a region: of fetching, or of the snapshot. */
  dateOf(region: string): string {
    return this.#fetched.get(region)?.date.slice(0, 10) ?? this.#snapshot.date;
  }

  /** Where the prices of a region come from, in a sentence. */
  describe(region: string): string {
    const fetched = this.#fetched.get(region);
    return fetched
      ? `${fetched.origin} for ${region}, fetched ${fetched.date.slice(0, 10)}, published ${fetched.published.slice(0, 10)}`
      : `snapshot of ${this.#snapshot.date} that ships with this package; \`${refresh(region)}\` fetches today's`;
  }

  /** USD an hour of an instance that hosts an endpoint, on demand; null when the book has no price for it. */
  usdPerInstanceHour(instanceType: string, region: string): Figure | null {
    return this.#hosting.get(region)?.get(instanceType)?.usdPerHour ?? null;
  }

  /** The same, else the price of the nearest region that has one, marked as a stand-in; null where no region has one. */
  usdPerInstanceHourOrStandIn(instanceType: string, region: string): RegionalPrice | null {
    const own = this.usdPerInstanceHour(instanceType, region);
    if (own) return { usd: own, region };
    return this.#standIn(region, this.regions(), (other) => this.usdPerInstanceHour(instanceType, other));
  }

  /**
   * USD an hour with a savings plan of a term, without payment in advance. Where the plan's rates are not known: from the
   * greatest discount that is advertised to none.
   */
  usdPerInstanceHourWithPlan(instanceType: string, region: string, plan: SavingsPlan): RegionalPrice | null {
    const known = this.#fetched.get(region)?.savingsPlans[plan][instanceType];
    if (known !== undefined)
      return { usd: { value: known, basis: 'list price', source: this.describe(region) }, region };
    const price = this.usdPerInstanceHourOrStandIn(instanceType, region);
    if (!price) return null;
    const { value, low = value, source } = price.usd;
    const { savingsPlans } = this.#other;
    return {
      region: price.region,
      usd: {
        ...price.usd,
        low: low * (1 - savingsPlans.greatestDiscount),
        basis: 'estimated',
        source: `on demand, as the plan's rate is not known: at most ${100 * savingsPlans.greatestDiscount} % less (${sentence(savingsPlans)}); ${source}`,
      },
    };
  }

  /** Every hosting price of a region, cheapest first. */
  list(region: string): ListedPrice[] {
    return [...(this.#hosting.get(region)?.values() ?? [])];
  }

  /** Regions with a hosting price. */
  regions(): string[] {
    return [...this.#hosting.keys()].sort();
  }

  /** USD a second of a serverless execution; null when the book has no price for the region and size. */
  usdPerServerlessSecond(memoryMb: number, region: string): Figure | null {
    const fetched = this.#fetched.get(region);
    if (fetched) {
      const value = fetched.serverless[memoryMb];
      if (value === undefined) return null;
      return { value, basis: 'list price', source: this.describe(region) };
    }
    const { serverless } = this.#other;
    if (serverless.region !== region || !serverless.memoryMb.includes(memoryMb)) return null;
    return {
      value: serverless.usdPerGbSecond * (memoryMb / 1024),
      basis: 'list price',
      source: sentence(serverless),
    };
  }

  /** The same, else that of the nearest region that has one, marked as a stand-in. */
  usdPerServerlessSecondOrStandIn(memoryMb: number, region: string): RegionalPrice | null {
    const own = this.usdPerServerlessSecond(memoryMb, region);
    if (own) return { usd: own, region };
    const regions = new Set([...this.#fetched.keys(), this.#other.serverless.region]);
    return this.#standIn(region, regions, (other) => this.usdPerServerlessSecond(memoryMb, other));
  }

  /** USD a GB that goes into or out of a serverless or asynchronous endpoint. */
  usdPerProcessedGb(region: string): Figure {
    const value = this.#fetched.get(region)?.usdPerDataGb;
    if (value) return { value, basis: 'list price', source: this.describe(region) };
    const { dataProcessing } = this.#other;
    return ranged(dataProcessing.usdPerGb, dataProcessing);
  }

  /** USD a GB and month of the storage that each instance of an endpoint has. */
  usdPerStorageGbMonth(region: string): Figure {
    const fetched = this.#fetched.get(region)?.usdPerStorageGbMonth;
    if (fetched) return { value: fetched, basis: 'list price', source: this.describe(region) };
    const { endpointStorage } = this.#other;
    const own = endpointStorage.usdPerGbMonth[region];
    if (own !== undefined) return { value: own, basis: 'list price', source: sentence(endpointStorage) };
    const value = endpointStorage.usdPerGbMonth['us-east-1']!;
    return standIn({ value, basis: 'list price', source: sentence(endpointStorage) }, 'us-east-1');
  }

  /** USD a GB of logs taken in, and a GB that goes from one zone to another, each way. Estimates outside us-east-1. */
  usdPerGb(of: 'logs' | 'crossZone'): Figure {
    return { value: this.#other[of].usdPerGb, basis: 'estimated', source: sentence(this.#other[of]) };
  }

  services(): readonly ServicePrice[] {
    return this.#other.services;
  }

  /** Prices that were looked for and not found. */
  gaps(): readonly string[] {
    return this.#other.gaps;
  }

  #standIn(
    region: string,
    regions: Iterable<string>,
    priceIn: (region: string) => Figure | null,
  ): RegionalPrice | null {
    for (const other of nearestRegions(region, regions)) {
      const price = priceIn(other);
      if (price) return { usd: standIn(price, other), region: other };
    }
    return null;
  }
}

/** The command that fetches the prices of a region. */
export const refresh = (region: string): string => `reranker cost prices --region ${region} --refresh`;

function standIn({ value, low = value, high = value, source }: Figure, region: string): Figure {
  return {
    value,
    low: low * STAND_IN.low,
    high: high * STAND_IN.high,
    basis: 'estimated',
    source: `stand-in: the price of ${region}, ${source}`,
  };
}

/** A list price; an estimate where sources disagree. */
export function ranged(price: Ranged, from: Sourced): Figure {
  return {
    ...price,
    basis: price.low === undefined ? 'list price' : 'estimated',
    source: sentence(from),
  };
}

/**
 * The price book of this machine's user.
 * @throws CostError when a file of fetched prices cannot be read.
 */
export function openPriceBook(cache = priceCacheDirectory()): PriceBook {
  return shippedPriceBook(cachedRegions(cache).flatMap((region) => readCachedPrices(region, cache) ?? []));
}

/** The snapshot that ships with this package, under the prices of regions that were fetched. */
export function shippedPriceBook(fetched: readonly RegionPrices[] = []): PriceBook {
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(path.join(packageRoot(__dirname), 'price-book', name), 'utf8'));
  return new PriceBook(read('hosting.json') as Snapshot, read('other.json') as OtherPrices, fetched);
}

function snapshotPrice({
  instanceType,
  region,
  usdPerHour,
  confidence,
  derived,
  date,
  source,
}: HostingRow): ListedPrice {
  const basis = derived ? 'estimated' : 'list price';
  const figure: Figure = { value: usdPerHour, basis, source: sentence({ date, confidence, source }) };
  return { instanceType, region, usdPerHour: figure, confidence, date };
}

function fetchedList({ region, hosting, date, origin }: RegionPrices): ListedPrice[] {
  const source = `${origin}, fetched ${date.slice(0, 10)}`;
  return Object.entries(hosting).map(([instanceType, value]) => ({
    instanceType,
    region,
    usdPerHour: { value, basis: 'list price', source },
    confidence: origin === 'AWS offer files' ? 'offer-file' : 'price-list-api',
    date: date.slice(0, 10),
  }));
}

function sentence({ date, confidence, source }: Sourced): string {
  return `${source} (${confidence}, ${date})`;
}
