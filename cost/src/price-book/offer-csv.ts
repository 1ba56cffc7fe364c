import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { CostError } from '../errors.js';
import { chunksOf, unreadable, type OfferFile } from './offer-stream.js';
import {
  SAVINGS_PLANS,
  pricedThing,
  type PriceListEntry,
  type RegionPrices,
  type SavingsPlan,
} from './region-prices.js';

/** A row by the names of its columns, in lower case without spaces: `Instance Name` and `instanceName` are one. */
type Row = Readonly<Record<string, string | undefined>>;

/**
 * Prices from a service's price list file in CSV: five rows about the file, one with the names of the columns, and one for each
 * price. Format: AWS Billing user guide, "Reading the service price list file for an AWS service".
 * @throws CostError that names the file when it is of another format or ends early.
 */
export async function readCsvOffer(
  file: OfferFile,
): Promise<{ entries: PriceListEntry[]; published: string }> {
  const products = new Map<string, PriceListEntry>();
  const needed = ['sku', 'termtype', 'startingrange', 'priceperunit', 'currency', 'usagetype'];
  const about = await readRows(file, needed, (row) => {
    const { sku = '', termtype, priceperunit, currency, startingrange, usagetype } = row;
    const { instancename, component, regioncode } = row;
    const attributes = {
      usagetype,
      instanceName: instancename || undefined,
      component,
      regionCode: regioncode || undefined,
    };
    if (termtype !== 'OnDemand' || currency !== 'USD' || !pricedThing(attributes)) return;
    const { dimensions = [] } = products.get(sku) ?? {};
    const price = { usd: Number(priceperunit), beginRange: Number(startingrange) };
    products.set(sku, { attributes, dimensions: [...dimensions, price] });
  });
  if (about.formatversion !== 'v1.0' || about.offercode !== 'AmazonSageMaker') {
    throw new CostError(
      `${file.address} is another file: format ${about.formatversion} of ${about.offercode}, not v1.0 of AmazonSageMaker`,
    );
  }
  return { entries: [...products.values()], published: about.publicationdate ?? '' };
}

/** Hosting rates of the plans without payment in advance, from a savings plan's file in CSV. @throws CostError */
export async function readCsvPlans(file: OfferFile): Promise<RegionPrices['savingsPlans']> {
  const found: Record<SavingsPlan, Record<string, number>> = { '1yr': {}, '3yr': {} };
  const needed = [
    'discountedrate',
    'currency',
    'discountedusagetype',
    'purchaseoption',
    'leasecontractlength',
  ];
  await readRows(file, needed, (row) => {
    const { discountedrate, currency, discountedusagetype, purchaseoption, leasecontractlength } = row;
    const thing = pricedThing({ usagetype: discountedusagetype, component: 'Hosting' });
    const term = SAVINGS_PLANS.find((each) => each === `${leasecontractlength?.replace(/\D/g, '')}yr`);
    const usd = Number(discountedrate);
    if (term && purchaseoption === 'No Upfront' && thing?.kind === 'hosting' && usd > 0 && currency === 'USD')
      found[term][thing.name] = usd;
  });
  return found;
}

/** Hands out the rows below the names of the columns. @returns what the rows above say of the file */
async function readRows(file: OfferFile, needed: readonly string[], found: (row: Row) => void): Promise<Row> {
  const about: Record<string, string> = {};
  let names: readonly string[] | undefined;
  const take = (row: readonly string[]): void => {
    if (names) {
      if (row.length !== names.length) throw new Error(`a row has ${row.length} of ${names.length} columns`);
      found(Object.fromEntries(names.map((name, i) => [name, row[i]])));
    } else if (row.length <= 2) {
      about[plain(row[0]!)] = row[1] ?? '';
    } else {
      names = row.map(plain);
      const missing = needed.filter((name) => !names!.includes(name));
      if (missing.length > 0)
        throw new CostError(`${file.address} is another file: it has no column ${missing.join(', ')}`);
    }
  };
  const parser = parse({ relax_column_count: true, bom: true });
  try {
    await pipeline(chunksOf(file), parser, async (rows: AsyncIterable<string[]>) => {
      for await (const row of rows) take(row);
    });
  } catch (error) {
    throw error instanceof CostError ? error : unreadable(file.address, parser.info.bytes, error);
  }
  if (!names) throw new CostError(`${file.address} is another file: it has no row with the names of columns`);
  return about;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '');
