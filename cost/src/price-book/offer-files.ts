import { JSONParser } from '@streamparser/json';
import { CostError } from '../errors.js';
import { readCsvOffer, readCsvPlans } from './offer-csv.js';
import { chunksOf, unreadable, type OfferFile } from './offer-stream.js';
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
  /** Both have the same prices; CSV is the smaller file. Default: JSON. */
  readonly format?: 'json' | 'csv';
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
  const csv = options.format === 'csv';
  const at = (name: string): OfferFile => fileAt(csv ? name.replace(/\.json$/, '.csv') : name, options);
  const offer = at(path);
  const { entries, published } = await (csv ? readCsvOffer(offer) : readOffer(offer));
  const planPath = (await readRegions(SAVINGS, options)).get(region);
  const plans = planPath === undefined ? undefined : await (csv ? readCsvPlans : readPlans)(at(planPath));
  const prices = collectPrices(entries, { region, origin: 'AWS offer files', published }, plans);
  if (Object.keys(prices.hosting).length === 0)
    throw new CostError(`${offer.address} has no hosting price for region ${region}`);
  return prices;
}

/** The file of each region, by its path. Offers have a map of regions, savings plans a list. */
async function readRegions(path: string, options: OfferOptions): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const file = fileAt(path, options);
  await readJson(file, ['$.regions.*'], ({ value }) => {
    const { regionCode, currentVersionUrl, versionUrl } = value as Record<string, unknown>;
    const url = currentVersionUrl ?? versionUrl;
    if (typeof regionCode === 'string' && typeof url === 'string') found.set(regionCode, url);
  });
  if (found.size === 0) throw new CostError(`${file.address} is no index of regions: it names none`);
  return found;
}

async function readOffer(file: OfferFile): Promise<{ entries: PriceListEntry[]; published: string }> {
  const products = new Map<string, PriceListEntry['attributes']>();
  const prices = new Map<string, PriceListEntry['dimensions']>();
  const about: Record<string, unknown> = {};
  const paths = ['$.formatVersion', '$.offerCode', '$.publicationDate', '$.products.*', '$.terms.OnDemand.*'];
  await readJson(file, paths, ({ section, key, value }) => {
    if (section === undefined) about[key] = value;
    else if (section === 'products') {
      const { attributes = {} } = value as { attributes?: PriceListEntry['attributes'] };
      if (pricedThing(attributes)) products.set(key, attributes);
    } else prices.set(key, dimensionsOf(value));
  });
  if (about.formatVersion !== 'v1.0' || about.offerCode !== 'AmazonSageMaker') {
    throw new CostError(
      `${file.address} is another file: format ${String(about.formatVersion)} of ${String(about.offerCode)}, not v1.0 of AmazonSageMaker`,
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
async function readPlans(file: OfferFile): Promise<RegionPrices['savingsPlans']> {
  const terms = new Map<string, SavingsPlan>();
  const rates: { readonly plan: string; readonly type: string; readonly usd: number }[] = [];
  await readJson(file, ['$.products.*', '$.terms.savingsPlan.*.rates.*'], ({ section, value }) => {
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
async function readJson(file: OfferFile, paths: string[], found: (value: Found) => void): Promise<void> {
  const parser = new JSONParser({ paths, keepStack: false });
  parser.onValue = ({ key, value, stack }) => {
    const section = stack[1]?.key;
    found({ section: section === undefined ? undefined : String(section), key: String(key), value });
  };
  let bytes = 0;
  for await (const chunk of chunksOf(file)) {
    bytes += chunk.length;
    try {
      parser.write(chunk);
    } catch (error) {
      throw unreadable(file.address, bytes, error);
    }
  }
  if (!parser.isEnded) throw new CostError(`${file.address} ends early, after ${bytes} bytes`);
}

function fileAt(path: string, { endpoint = AWS, signal, onProgress }: OfferOptions): OfferFile {
  return { address: `${endpoint.replace(/\/+$/, '')}${path}`, signal, onProgress };
}
