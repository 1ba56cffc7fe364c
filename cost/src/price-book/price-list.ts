import type { Pricing, GetProductsCommandOutput } from '@aws-sdk/client-pricing';
import { CostError } from '../errors.js';
import { collectPrices, type PriceListEntry, type RegionPrices } from './region-prices.js';
import { priceListRegion } from './regions.js';

export interface PriceListOptions {
  /** Address instead of AWS's own. */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
}

/** Pages at most: a region has about a dozen of a hundred entries. */
const MOST_PAGES = 200;

/**
 * Fetches the on-demand prices of SageMaker hosting and serverless inference in a region from the Price List API, page by
 * page. Needs credentials with `pricing:GetProducts`, and the package @aws-sdk/client-pricing. The SDK retries throttling.
 * @throws CostError when credentials are missing or refused, or the list has no hosting price for the region.
 */
export async function fetchPrices(region: string, options: PriceListOptions = {}): Promise<RegionPrices> {
  const { Pricing } = await loadSdk();
  const client = new Pricing({
    region: priceListRegion(region),
    maxAttempts: 5,
    endpoint: options.endpoint,
  });
  try {
    const asked: readonly Readonly<Record<string, string>>[] = [
      { component: 'Hosting' },
      { productFamily: 'ML Serverless' },
      { operation: 'Invoke-Endpoint' },
      { volumeType: 'General Purpose-Hosting' },
    ];
    const entries: DatedEntry[] = [];
    for (const filter of asked)
      entries.push(...(await products(client, options, { regionCode: region, ...filter })));
    const published = entries.reduce((newest, { date }) => (date > newest ? date : newest), '');
    const prices = collectPrices(entries, { region, origin: 'AWS Price List API', published });
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
    throw new CostError(
      'the Price List API needs @aws-sdk/client-pricing: npm install @aws-sdk/client-pricing',
    );
  }
}

async function products(
  client: Pricing,
  { signal }: PriceListOptions,
  filters: Readonly<Record<string, string>>,
): Promise<DatedEntry[]> {
  const entries: DatedEntry[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: GetProductsCommandOutput = await client.getProducts(
      {
        ServiceCode: 'AmazonSageMaker',
        FormatVersion: 'aws_v1',
        MaxResults: 100,
        Filters: Object.entries(filters).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
        NextToken: token,
      },
      { abortSignal: signal },
    );
    entries.push(...((answer.PriceList ?? []) as unknown[]).map((element) => parseEntry(element)));
    token = answer.NextToken || undefined;
    if (token === undefined) return entries;
    if (seen.has(token)) break;
    seen.add(token);
  }
  throw new CostError(
    `the Price List did not come to an end after ${seen.size} pages: it gave the same page again, or too many`,
  );
}

type DatedEntry = PriceListEntry & { readonly date: string };

/**
 * An element of `PriceList`: a JSON document as a string (an object in old SDKs).
 * @throws CostError when it is no price list entry.
 */
function parseEntry(element: unknown): DatedEntry {
  let data: unknown = element;
  // The SDK gives a String object that parses itself.
  if (typeof element === 'string' || element instanceof String) {
    try {
      data = JSON.parse(String(element));
    } catch (error) {
      throw new CostError(`an entry of the Price List is no JSON: ${(error as Error).message}`);
    }
  }
  const attributes = field(field(data, 'product'), 'attributes');
  if (!isObject(attributes)) throw new CostError('an entry of the Price List has no product.attributes');
  const date = field(data, 'publicationDate');
  return {
    attributes: attributes as Record<string, string>,
    date: typeof date === 'string' ? date : '',
    dimensions: dimensionsOf(field(field(data, 'terms'), 'OnDemand')),
  };
}

/** On-demand terms of a product (`terms.OnDemand`, format aws_v1) as prices in USD. */
export function dimensionsOf(terms: unknown): PriceListEntry['dimensions'] {
  return values(terms)
    .flatMap((term) => values(field(term, 'priceDimensions')))
    .map((dimension) => ({
      beginRange: Number(field(dimension, 'beginRange') ?? 0),
      usd: Number(field(field(dimension, 'pricePerUnit'), 'USD') ?? NaN),
    }));
}

/** AWS's errors in one line that says what to do. */
function explained(error: unknown, region: string): Error {
  if (!(error instanceof Error) || error instanceof CostError) return error as Error;
  const what = `prices of ${region} cannot be fetched`;
  const without = 'without --source api no credentials are needed';
  switch (error.name) {
    case 'CredentialsProviderError':
      return new CostError(
        `${what}: no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of an identity with pricing:GetProducts; ${without}`,
      );
    case 'ExpiredTokenException':
    case 'ExpiredToken':
      return new CostError(`${what}: the AWS credentials have expired; sign in again; ${without}`);
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
    case 'AccessDeniedException':
      return new CostError(
        `${what}: AWS refused the credentials (${error.name}); the identity needs pricing:GetProducts; ${without}`,
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
