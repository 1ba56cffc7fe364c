import { JSONParser } from '@streamparser/json';
import { CostError } from '../errors.js';
import { dimensionsOf, type PriceListOptions } from './price-list.js';
import {
  SAVINGS_PLANS,
  collectPrices,
  pricedThing,
  type PriceListEntry,
  type RegionPrices,
  type SavingsPlan,
} from './region-prices.js';

const AWS = 'https://pricing.us-east-1.amazonaws.com';
const OFFER = '/offers/v1.0/aws/AmazonSageMaker/current/region_index.json';
const SAVINGS = '/savingsPlan/v1.0/aws/AWSMachineLearningSavingsPlans/current/region_index.json';

export interface OfferOptions extends PriceListOptions {
  /** Gets a line as each file is read. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Fetches the prices of a region from the files that AWS publishes for everyone: on-demand hosting, serverless, data,
 * storage and savings plans. Formats: AWS Billing user guide, "Getting price list files manually" and "Reading the service
 * price list file". The files are large, so they are read as a stream; of each product only what is kept stays in memory.
 * @throws CostError that names the file when it is missing, of another format, or ends early.
 */
export async function fetchOfferPrices(region: string, options: OfferOptions = {}): Promise<RegionPrices> {
  const index = await readRegions(OFFER, options);
  const path = index.get(region);
  if (path === undefined) {
    throw new CostError(
      `AWS publishes no SageMaker prices for region ${region}; it does for ${[...index.keys()].join(', ')}`,
    );
  }
  const { entries, published } = await readOffer(path, options);
  const plans = (await readRegions(SAVINGS, options)).get(region);
  const prices = collectPrices(
    entries,
    { region, origin: 'AWS offer files', published },
    plans === undefined ? undefined : await readPlans(plans, options),
  );
  if (Object.keys(prices.hosting).length === 0)
    throw new CostError(`${addressOf(path, options)} has no hosting price for region ${region}`);
  return prices;
}

/** The file of each region, by its path. Offers have a map of regions, savings plans a list. */
async function readRegions(path: string, options: OfferOptions): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await readJson(path, ['$.regions.*'], options, ({ value }) => {
    const { regionCode, currentVersionUrl, versionUrl } = value as Record<string, unknown>;
    const url = currentVersionUrl ?? versionUrl;
    if (typeof regionCode === 'string' && typeof url === 'string') found.set(regionCode, url);
  });
  if (found.size === 0)
    throw new CostError(`${addressOf(path, options)} is no index of regions: it names none`);
  return found;
}

async function readOffer(
  path: string,
  options: OfferOptions,
): Promise<{ entries: PriceListEntry[]; published: string }> {
  const products = new Map<string, PriceListEntry['attributes']>();
  const prices = new Map<string, PriceListEntry['dimensions']>();
  const about: Record<string, unknown> = {};
  const paths = ['$.formatVersion', '$.offerCode', '$.publicationDate', '$.products.*', '$.terms.OnDemand.*'];
  await readJson(path, paths, options, ({ section, key, value }) => {
    if (section === undefined) about[key] = value;
    else if (section === 'products') {
      const { attributes = {} } = value as { attributes?: PriceListEntry['attributes'] };
      if (pricedThing(attributes)) products.set(key, attributes);
    } else prices.set(key, dimensionsOf(value));
  });
  if (about.formatVersion !== 'v1.0' || about.offerCode !== 'AmazonSageMaker') {
    throw new CostError(
      `${addressOf(path, options)} is another file: format ${String(about.formatVersion)} of ${String(about.offerCode)}, not v1.0 of AmazonSageMaker`,
    );
  }
  const entries = [...products].map(([sku, attributes]) => ({
    attributes,
    dimensions: prices.get(sku) ?? [],
  }));
  return { entries, published: String(about.publicationDate ?? '') };
}

interface PlanRate {
  readonly discountedUsageType?: string;
  readonly rateCode?: string;
  readonly discountedRate?: { readonly price?: string; readonly currency?: string };
}

/** Hosting rates of the plans without payment in advance. */
async function readPlans(path: string, options: OfferOptions): Promise<RegionPrices['savingsPlans']> {
  const terms = new Map<string, SavingsPlan>();
  const rates: { readonly plan: string; readonly type: string; readonly usd: number }[] = [];
  await readJson(path, ['$.products.*', '$.terms.savingsPlan.*.rates.*'], options, ({ section, value }) => {
    if (section === 'products') {
      const { sku = '', attributes } = value as { sku?: string; attributes?: Record<string, string> };
      const term = SAVINGS_PLANS.find((each) => each === attributes?.purchaseTerm);
      if (term && attributes?.purchaseOption === 'No Upfront') terms.set(sku, term);
      return;
    }
    const { discountedUsageType = '', rateCode = '', discountedRate } = value as PlanRate;
    const thing = pricedThing({ usagetype: discountedUsageType, component: 'Hosting' });
    const usd = Number(discountedRate?.price);
    // A rate's code is the plan's SKU and the product's.
    if (thing?.kind === 'hosting' && usd > 0 && discountedRate?.currency === 'USD')
      rates.push({ plan: rateCode.split('.')[0]!, type: thing.name, usd });
  });
  const found: Record<SavingsPlan, Record<string, number>> = { '1yr': {}, '3yr': {} };
  for (const { plan, type, usd } of rates) {
    const term = terms.get(plan);
    if (term) found[term][type] = usd;
  }
  return found;
}

interface Found {
  /** The top-level field it is in; undefined for a field of the top level itself. */
  readonly section: string | undefined;
  readonly key: string;
  readonly value: unknown;
}

/** Reads a JSON file as a stream and hands out the values at some paths. @throws CostError */
async function readJson(
  path: string,
  paths: string[],
  options: OfferOptions,
  found: (value: Found) => void,
): Promise<void> {
  const address = addressOf(path, options);
  options.onProgress?.(`reading ${address}`);
  const { body, status } = await fetch(address, { signal: options.signal }).catch((error: Error) => {
    throw new CostError(`${address} cannot be fetched: ${reason(error)}`);
  });
  if (status !== 200 || body === null)
    throw new CostError(`${address} cannot be fetched: HTTP status ${status}`);
  const parser = new JSONParser({ paths, keepStack: false });
  parser.onValue = ({ key, value, stack }) => {
    const section = stack[1]?.key;
    found({ section: section === undefined ? undefined : String(section), key: String(key), value });
  };
  let bytes = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      parser.write(chunk);
    }
  } catch (error) {
    throw new CostError(`${address} cannot be read after ${bytes} bytes: ${reason(error as Error)}`);
  }
  if (!parser.isEnded) throw new CostError(`${address} ends early, after ${bytes} bytes`);
}

function addressOf(path: string, { endpoint = AWS }: OfferOptions): string {
  return `${endpoint.replace(/\/+$/, '')}${path}`;
}

/** An error of fetch hides why behind its cause. */
function reason(error: Error): string {
  // Of several addresses that refused, the code alone says why.
  const cause = error.cause as Partial<NodeJS.ErrnoException> | undefined;
  return (cause?.message || cause?.code || error.message).split('\n')[0]!;
}
