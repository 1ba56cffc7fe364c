import type { Pricing, GetProductsCommandOutput } from '@aws-sdk/client-pricing';
import { CostError } from '../errors.js';
import { priceListRegion } from './regions.js';

/** Prices of a region as the AWS Price List API gives them. */
export interface RegionPrices {
  readonly format: 1;
  readonly region: string;
  /** When they were fetched, ISO 8601, UTC. */
  readonly date: string;
  /** Publication date of the newest price among them, as the list states it. */
  readonly published: string;
  /** USD an hour of hosting by instance type. */
  readonly hosting: Readonly<Record<string, number>>;
  /** USD a second of serverless inference by memory size in MB. */
  readonly serverless: Readonly<Record<string, number>>;
  /** Entries that named an instance type or memory size and no price above 0 in USD. */
  readonly withoutPrice: readonly string[];
}

export interface PriceListOptions {
  /** Address of the API instead of AWS's own. */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
}

/** Pages at most: a region has about a dozen of a hundred entries. */
const MOST_PAGES = 200;

/**
 * Fetches the on-demand prices of SageMaker hosting and serverless inference in a region, page by page.
 * Needs credentials with `pricing:GetProducts`. Throttling is retried by the SDK.
 * @throws CostError when credentials are missing or refused, or the list has no hosting price for the region.
 */
export async function fetchPrices(region: string, options: PriceListOptions = {}): Promise<RegionPrices> {
  const { Pricing } = await loadSdk();
  const client = new Pricing({
    region: priceListRegion(region),
    maxAttempts: 5,
    ...(options.endpoint && { endpoint: options.endpoint }),
  });
  try {
    const instances = await products(client, options, { regionCode: region, component: 'Hosting' });
    const serverless = await products(client, options, {
      regionCode: region,
      productFamily: 'ML Serverless',
    });
    const prices = collect([...instances, ...serverless], region);
    if (Object.keys(prices.hosting).length === 0) {
      throw new CostError(
        `the Price List has no hosting price for region ${region}: ${prices.withoutPrice.length} entries without a price`,
      );
    }
    return prices;
  } catch (error) {
    throw explained(error, region);
  } finally {
    client.destroy();
  }
}

async function loadSdk(): Promise<{ readonly Pricing: typeof Pricing }> {
  try {
    return await import('@aws-sdk/client-pricing');
  } catch {
    throw new CostError('fetching prices needs @aws-sdk/client-pricing: npm install @aws-sdk/client-pricing');
  }
}

async function products(
  client: Pricing,
  { signal }: PriceListOptions,
  filters: Readonly<Record<string, string>>,
): Promise<PriceListEntry[]> {
  const entries: PriceListEntry[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer: GetProductsCommandOutput = await client.getProducts(
      {
        ServiceCode: 'AmazonSageMaker',
        FormatVersion: 'aws_v1',
        MaxResults: 100,
        Filters: Object.entries(filters).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
        ...(token && { NextToken: token }),
      },
      { ...(signal && { abortSignal: signal }) },
    );
    entries.push(...(answer.PriceList ?? []).map((element: unknown) => parseEntry(element)));
    token = answer.NextToken || undefined;
    if (token === undefined) return entries;
    if (seen.has(token)) break;
    seen.add(token);
  }
  throw new CostError(
    `the Price List did not come to an end after ${seen.size} pages: it gave the same page again, or too many`,
  );
}

/** The fields of a price list entry that are read (aws_v1: product.attributes and terms.OnDemand). */
export interface PriceListEntry {
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly publicationDate: string;
  readonly dimensions: readonly {
    readonly unit: string;
    readonly usd: number;
    readonly beginRange: string;
  }[];
}

/**
 * An element of `PriceList`: a JSON document as a string (an object in old SDKs).
 * @throws CostError when it is no price list entry.
 */
export function parseEntry(element: unknown): PriceListEntry {
  let data: unknown = element;
  // The SDK gives a String object that parses itself.
  if (typeof element === 'string' || element instanceof String) {
    try {
      data = JSON.parse(String(element));
    } catch (error) {
      throw new CostError(`an entry of the Price List is no JSON: ${(error as Error).message}`);
    }
  }
  const product = field(data, 'product');
  const attributes = field(product, 'attributes');
  if (!isObject(attributes)) throw new CostError('an entry of the Price List has no product.attributes');
  const terms = field(field(data, 'terms'), 'OnDemand');
  const dimensions = values(terms).flatMap((term) => values(field(term, 'priceDimensions')));
  const published = field(data, 'publicationDate');
  const family = field(product, 'productFamily');
  return {
    attributes: {
      ...(attributes as Record<string, string>),
      ...(typeof family === 'string' && { productFamily: family }),
    },
    publicationDate: typeof published === 'string' ? published : '',
    dimensions: dimensions.map((dimension) => ({
      unit: String(field(dimension, 'unit') ?? ''),
      beginRange: String(field(dimension, 'beginRange') ?? '0'),
      usd: Number(field(field(dimension, 'pricePerUnit'), 'USD') ?? NaN),
    })),
  };
}

function collect(entries: readonly PriceListEntry[], region: string): RegionPrices {
  const hosting: Record<string, number> = {};
  const serverless: Record<string, number> = {};
  const without: string[] = [];
  for (const { attributes, dimensions } of entries) {
    const { regionCode, usagetype = '', instanceName, component } = attributes;
    if (regionCode !== undefined && regionCode !== region) continue;
    // Provisioned concurrency has usage types of its own; `Mem-NGB` at the end is the on-demand second.
    const [, gb] = /ServerlessInf:Mem-(\d+)GB$/.exec(usagetype) ?? [];
    // `Hosting` alone: asynchronous and notebook hours have other components, and reserved ones no on-demand term.
    const type = component === 'Hosting' && /(^|-)Host:/.test(usagetype) ? instanceName : undefined;
    if (gb === undefined && type === undefined) continue;
    // The first tier that costs something: below it lies the free tier of serverless seconds, at 0.
    const [price] = dimensions
      .filter(({ usd }) => usd > 0)
      .sort((a, b) => Number(a.beginRange) - Number(b.beginRange))
      .map(({ usd }) => usd);
    if (price === undefined) without.push(usagetype);
    else if (gb !== undefined) serverless[Number(gb) * 1024] = price;
    else hosting[type!] = price;
  }
  return {
    format: 1,
    region,
    date: new Date().toISOString(),
    published: entries.reduce((newest, each) => maximum(newest, each.publicationDate), ''),
    hosting,
    serverless,
    withoutPrice: without,
  };
}

/** AWS's errors in one line that says what to do. */
function explained(error: unknown, region: string): Error {
  if (!(error instanceof Error) || error instanceof CostError) return error as Error;
  const what = `prices of ${region} cannot be fetched`;
  switch (error.name) {
    case 'CredentialsProviderError':
      return new CostError(
        `${what}: no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of an identity with pricing:GetProducts`,
      );
    case 'ExpiredTokenException':
    case 'ExpiredToken':
      return new CostError(`${what}: the AWS credentials have expired; sign in again`);
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
    case 'AccessDeniedException':
      return new CostError(
        `${what}: AWS refused the credentials (${error.name}); the identity needs pricing:GetProducts`,
      );
    default:
      return new CostError(`${what}: ${error.name}: ${error.message}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function values(value: unknown): unknown[] {
  return isObject(value) ? Object.values(value) : [];
}

const maximum = (a: string, b: string): string => (a > b ? a : b);
