import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '@sagemaker-reranker/models';
import type { Figure } from '../types.js';
import { cachedRegions, priceCacheDirectory, readCachedPrices } from './cache.js';
import type { RegionPrices } from './price-list.js';

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

/**
 * Prices by region: those fetched from the AWS Price List API where the user has fetched them, else the dated snapshot
 * that ships with this package. A price that is in neither is null, never 0.
 */
export class PriceBook {
  readonly #fetched: ReadonlyMap<string, RegionPrices>;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly other: OtherPrices,
    fetched: readonly RegionPrices[] = [],
  ) {
    this.#fetched = new Map(fetched.map((prices) => [prices.region, prices]));
  }

  /** Date of the prices of a region: of fetching, or of the snapshot. */
  dateOf(region: string): string {
    return this.#fetched.get(region)?.date.slice(0, 10) ?? this.snapshot.date;
  }

  /** Where the prices of a region come from, in a sentence. */
  describe(region: string): string {
    const fetched = this.#fetched.get(region);
    return fetched
      ? `AWS Price List API for ${region}, fetched ${fetched.date.slice(0, 10)}, published ${fetched.published.slice(0, 10)}`
      : `snapshot of ${this.snapshot.date} that ships with this package; \`reranker cost prices --region ${region} --refresh\` fetches today's`;
  }

  /** USD an hour of an instance that hosts an endpoint, on demand; null when the book has no price for it. */
  usdPerInstanceHour(instanceType: string, region: string): Figure | null {
    return this.list(region).find((price) => price.instanceType === instanceType)?.usdPerHour ?? null;
  }

  /** Every hosting price of a region, cheapest first. */
  list(region: string): ListedPrice[] {
    const fetched = this.#fetched.get(region);
    const prices = fetched
      ? fetchedList(fetched)
      : this.snapshot.rows.filter(inRegion(region)).map(snapshotPrice);
    return prices.sort((a, b) => a.usdPerHour.value - b.usdPerHour.value);
  }

  /** Regions with a hosting price. */
  regions(): string[] {
    return [...new Set([...this.#fetched.keys(), ...this.snapshot.rows.map(({ region }) => region)])].sort();
  }

  /** USD a second of a serverless execution; null when the book has no price for the region and size. */
  usdPerServerlessSecond(memoryMb: number, region: string): Figure | null {
    const fetched = this.#fetched.get(region);
    if (fetched) {
      const value = fetched.serverless[memoryMb];
      if (value === undefined) return null;
      return { value, basis: 'list price', source: this.describe(region) };
    }
    const { serverless } = this.other;
    if (serverless.region !== region || !serverless.memoryMb.includes(memoryMb)) return null;
    return {
      value: serverless.usdPerGbSecond * (memoryMb / 1024),
      basis: 'list price',
      source: sentence(serverless),
    };
  }

  /** USD a GB that goes into or out of a serverless or asynchronous endpoint. */
  usdPerProcessedGb(): Figure {
    const { dataProcessing } = this.other;
    return ranged(dataProcessing.usdPerGb, dataProcessing);
  }

  services(): readonly ServicePrice[] {
    return this.other.services;
  }

  /** Prices that were looked for and not found. */
  gaps(): readonly string[] {
    return this.other.gaps;
  }
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
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(path.join(packageRoot(__dirname), 'price-book', name), 'utf8'));
  const fetched = cachedRegions(cache).flatMap((region) => readCachedPrices(region, cache) ?? []);
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

function fetchedList({ region, hosting, date }: RegionPrices): ListedPrice[] {
  const source = `AWS Price List API, fetched ${date.slice(0, 10)}`;
  return Object.entries(hosting).map(([instanceType, value]) => ({
    instanceType,
    region,
    usdPerHour: { value, basis: 'list price', source },
    confidence: 'price-list-api',
    date: date.slice(0, 10),
  }));
}

const inRegion =
  (region: string) =>
  (row: HostingRow): boolean =>
    row.region === region;

function sentence({ date, confidence, source }: Sourced): string {
  return `${source} (${confidence}, ${date})`;
}
