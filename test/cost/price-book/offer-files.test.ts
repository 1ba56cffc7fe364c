import { variantFigures } from '@sagemaker-reranker/models';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pricesCommand } from '../../../cli/src/commands/cost-prices.js';
import {
  type Comparison,
  type RegionPrices,
  compare,
  fetchOfferPrices,
  openPriceBook,
  parseDuty,
  priceCacheDirectory,
} from '@sagemaker-reranker/cost';
import { MEASUREMENTS } from '../support/measurement.js';
import { inProcess } from '../support/in-process.js';

// Against a loopback server with files in the layout that the AWS Billing user guide documents: an index of regions, a service
// price list file with `products` and `terms`, and a savings plan's file with `terms.savingsPlan[].rates`.

type Files = Record<string, string | ((response: ServerResponse) => void)>;

let server: Server;
let files: Files;
let asked: string[];
let directory: string;
const before = process.env.XDG_CACHE_HOME;

beforeEach(async () => {
  asked = [];
  directory = mkdtempSync(path.join(os.tmpdir(), 'offers-'));
  process.env.XDG_CACHE_HOME = directory;
  files = whole();
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const file = files[url];
    if (file === undefined) response.writeHead(404).end('not here');
    else if (typeof file === 'string')
      response.writeHead(200, { 'content-type': 'application/json' }).end(file);
    else file(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const OFFER_INDEX = '/offers/v1.0/aws/AmazonSageMaker/current/region_index.json';
const OFFER = '/offers/v1.0/aws/AmazonSageMaker/20261101000000/eu-central-1/index.json';
const PLAN_INDEX = '/savingsPlan/v1.0/aws/AWSMachineLearningSavingsPlans/current/region_index.json';
const PLAN = '/savingsPlan/v1.0/aws/AWSMachineLearningSavingsPlans/20261102000000/eu-central-1/index.json';

const product = (sku: string, usagetype: string, more: Record<string, string> = {}) => ({
  sku,
  productFamily: 'ML Instance',
  attributes: {
    servicecode: 'AmazonSageMaker',
    location: 'EU (Frankfurt)',
    locationType: 'AWS Region',
    regionCode: 'eu-central-1',
    usagetype,
    operation: 'RunInstance',
    ...more,
  },
});
const hosting = (sku: string, type: string, component = 'Hosting') =>
  product(sku, `EUC1-${component === 'Hosting' ? 'Host' : 'Notebk'}:${type}`, {
    instanceName: type,
    instanceType: `${type}-${component}`,
    component,
  });
const term = (sku: string, tiers: Record<string, string>) => ({
  [`${sku}.JRTCKXETXF`]: {
    offerTermCode: 'JRTCKXETXF',
    sku,
    effectiveDate: '2026-11-01T00:00:00Z',
    priceDimensions: Object.fromEntries(
      Object.entries(tiers).map(([beginRange, USD]) => [
        `${sku}.JRTCKXETXF.${beginRange}`,
        {
          rateCode: `${sku}.JRTCKXETXF.${beginRange}`,
          unit: 'Hrs',
          beginRange,
          endRange: 'Inf',
          pricePerUnit: { USD },
        },
      ]),
    ),
    termAttributes: {},
  },
});

const PRODUCTS = [
  hosting('SKU1', 'ml.c7i.large'),
  hosting('SKU2', 'ml.m5.xlarge'),
  hosting('SKU3', 'ml.m5.xlarge', 'Notebook'),
  hosting('SKU4', 'ml.c8g.large'),
  product('SKU5', 'EUC1-ServerlessInf:Mem-2GB'),
  product('SKU6', 'EUC1-ServerlessInf:Provisioned-Mem-2GB-Usage'),
  product('SKU7', 'EUC1-Hst:Data-Bytes-In', { operation: 'Invoke-Endpoint' }),
  product('SKU8', 'EUC1-Host:VolumeUsage.gp2', { volumeType: 'General Purpose-Hosting' }),
];
const TERMS = {
  SKU1: term('SKU1', { 0: '0.1230000000' }),
  SKU2: term('SKU2', { 0: '0.2760000000' }),
  SKU3: term('SKU3', { 0: '9.0000000000' }),
  SKU5: term('SKU5', { 0: '0.0000000000', 150000: '0.0000460000' }),
  SKU6: term('SKU6', { 0: '9.0000000000' }),
  SKU7: term('SKU7', { 0: '0.0160000000' }),
  SKU8: term('SKU8', { 0: '0.1650000000' }),
};

function offer(): Record<string, unknown> {
  return {
    formatVersion: 'v1.0',
    disclaimer: 'as published',
    offerCode: 'AmazonSageMaker',
    version: '20261101000000',
    publicationDate: '2026-11-01T12:00:00Z',
    products: Object.fromEntries(PRODUCTS.map((each) => [each.sku, each])),
    terms: { OnDemand: TERMS, Reserved: {} },
  };
}

function plans(): Record<string, unknown> {
  const plan = (sku: string, purchaseTerm: string, purchaseOption: string) => ({
    sku,
    productFamily: 'SageMakerSavingsPlans',
    attributes: { purchaseTerm, purchaseOption, granularity: 'hourly' },
  });
  const rates = (sku: string, usd: string) => ({
    sku,
    leaseContractLength: { duration: 1, unit: 'year' },
    rates: [
      ['EUC1-Host:ml.c7i.large', usd],
      ['EUC1-Train:ml.c7i.large', '9.9'],
    ].map(([discountedUsageType, price], i) => ({
      discountedSku: `SKU${i}`,
      discountedUsageType,
      rateCode: `${sku}.SKU${i}`,
      unit: 'Hrs',
      discountedRate: { price, currency: 'USD' },
    })),
  });
  return {
    version: '20261102000000',
    publicationDate: '2026-11-02T00:00:00Z',
    regionCode: 'eu-central-1',
    products: [
      plan('ONE', '1yr', 'No Upfront'),
      plan('ALL', '1yr', 'All Upfront'),
      plan('THREE', '3yr', 'No Upfront'),
    ],
    terms: { savingsPlan: [rates('ONE', '0.0950'), rates('ALL', '0.0900'), rates('THREE', '0.0700')] },
  };
}

function whole(): Files {
  return {
    [OFFER_INDEX]: JSON.stringify({
      formatVersion: 'v1.0',
      publicationDate: '2026-11-01T12:00:00Z',
      regions: { 'eu-central-1': { regionCode: 'eu-central-1', currentVersionUrl: OFFER } },
    }),
    [OFFER]: JSON.stringify(offer()),
    [PLAN_INDEX]: JSON.stringify({
      publicationDate: '2026-11-02T00:00:00Z',
      regions: [{ regionCode: 'eu-central-1', versionUrl: PLAN }],
    }),
    [PLAN]: JSON.stringify(plans()),
  };
}

const endpoint = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const fetched = (): Promise<RegionPrices> => fetchOfferPrices('eu-central-1', { endpoint: endpoint() });
const refresh = (): Promise<unknown> =>
  inProcess(pricesCommand(), ['--region', 'eu-central-1', '--refresh', '--url', endpoint()]);

test('hosting, serverless, data, storage and savings plans of a region, from its public files', async () => {
  expect(await fetched()).toEqual({
    format: 2,
    region: 'eu-central-1',
    origin: 'AWS offer files',
    date: expect.stringMatching(/^\d{4}-/) as string,
    published: '2026-11-01T12:00:00Z',
    hosting: { 'ml.c7i.large': 0.123, 'ml.m5.xlarge': 0.276 },
    savingsPlans: { '1yr': { 'ml.c7i.large': 0.095 }, '3yr': { 'ml.c7i.large': 0.07 } },
    serverless: { 2048: 0.000046 },
    usdPerDataGb: 0.016,
    usdPerStorageGbMonth: 0.165,
    withoutPrice: ['EUC1-Host:ml.c8g.large'],
  });
  expect(asked).toEqual([OFFER_INDEX, OFFER, PLAN_INDEX, PLAN]);
});

test('terms before products, and a file in small pieces, give the same', async () => {
  const expected = await fetched();
  const { products, terms, ...rest } = offer();
  const text = JSON.stringify({ terms, products, ...rest });
  files[OFFER] = (response) => {
    response.writeHead(200);
    for (let i = 0; i < text.length; i += 97) response.write(text.slice(i, i + 97));
    response.end();
  };
  expect(await fetched()).toEqual({ ...expected, date: expect.any(String) as string });
});

test('what was fetched is what is compared from then on: own prices, plans as list prices', async () => {
  await refresh();
  const book = openPriceBook();
  const question = {
    model: variantFigures('tiny', 'int8'),
    region: 'eu-central-1',
    queriesPerSecond: 1,
    documentsPerQuery: 10,
    tokensPerPair: 80,
    p95Ms: 2000,
    duty: parseDuty('always'),
  } as const;
  const options = { book, measurements: MEASUREMENTS, instanceTypes: ['ml.c7i.large'] };
  const realTime = ({ options: rows }: Comparison): number =>
    rows.find(({ hosting }) => hosting === 'real-time')!.usdPerMonth!.value;
  expect(realTime(compare(question, options))).toBeCloseTo(0.123 * 730, 6);
  const plan = compare({ ...question, savingsPlan: '3yr' }, options);
  expect(realTime(plan)).toBeCloseTo(0.07 * 730, 6);
  expect(plan.gaps.join()).not.toMatch(/savings plans/);
});

test('a region without savings plans has none; a region that AWS does not list is named', async () => {
  files[PLAN_INDEX] = JSON.stringify({ regions: [{ regionCode: 'us-east-1', versionUrl: PLAN }] });
  expect((await fetched()).savingsPlans).toEqual({ '1yr': {}, '3yr': {} });
  await expect(fetchOfferPrices('sa-east-1', { endpoint: endpoint() })).rejects.toThrow(
    /no SageMaker prices for region sa-east-1; it does for eu-central-1/,
  );
});

const cut = (text: string) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-length': text.length });
  response.write(text.slice(0, text.length >> 1), () => response.destroy());
};

test.each<[string, (files: Files) => void, RegExp]>([
  [
    'a missing file',
    (all) => void Reflect.deleteProperty(all, OFFER),
    /index\.json cannot be fetched: HTTP status 404/,
  ],
  [
    'a connection that breaks',
    (all) => (all[OFFER] = cut(all[OFFER] as string)),
    /eu-central-1\/index\.json cannot be read after \d+ bytes/,
  ],
  [
    'a file that ends early',
    (all) => (all[OFFER] = (all[OFFER] as string).slice(0, -200)),
    /eu-central-1\/index\.json ends early, after \d+ bytes/,
  ],
  ['no JSON', (all) => (all[OFFER] = '<html>busy</html>'), /cannot be read after \d+ bytes/],
  [
    'another format',
    (all) => (all[OFFER] = JSON.stringify({ ...offer(), formatVersion: 'v2.0' })),
    /is another file: format v2\.0 of AmazonSageMaker, not v1\.0/,
  ],
  [
    "another service's file",
    (all) => (all[OFFER] = JSON.stringify({ ...offer(), offerCode: 'AmazonEC2' })),
    /is another file: format v1\.0 of AmazonEC2/,
  ],
  [
    'a list without a price',
    (all) => (all[OFFER] = JSON.stringify({ ...offer(), terms: {} })),
    /has no hosting price for region eu-central-1/,
  ],
  ['an index of nothing', (all) => (all[OFFER_INDEX] = '{}'), /is no index of regions/],
  [
    'broken savings plans',
    (all) => (all[PLAN] = (all[PLAN] as string).slice(0, 300)),
    /AWSMachineLearningSavingsPlans.*ends early/,
  ],
])('%s is named, and old prices stay', async (_name, breakIt, message) => {
  await refresh();
  const file = path.join(priceCacheDirectory(), 'eu-central-1.json');
  const kept = readFileSync(file, 'utf8');
  breakIt(files);
  await expect(refresh()).rejects.toThrow(message);
  expect(readFileSync(file, 'utf8')).toBe(kept);
  expect(readdirSync(priceCacheDirectory())).toEqual(['eu-central-1.json']);
});

test('an address where nobody listens is named', async () => {
  const address = endpoint();
  await new Promise((resolve) => server.close(resolve));
  await expect(fetchOfferPrices('eu-central-1', { endpoint: address })).rejects.toThrow(
    /region_index\.json cannot be fetched: .*ECONNREFUSED/,
  );
  server = createServer().listen(0);
});

/** The same prices in the layout of the CSV files: five rows about the file, the names of the columns, a row for each price. */
const csv = (...rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n') + '\n';
const ABOUT = [
  ['FormatVersion', 'v1.0'],
  ['Disclaimer', 'as published, "with" commas'],
  ['Publication Date', '2026-11-01T12:00:00Z'],
  ['Version', '20261101000000'],
  ['OfferCode', 'AmazonSageMaker'],
];
const COLUMNS = [
  'SKU',
  'TermType',
  'StartingRange',
  'PricePerUnit',
  'Currency',
  'Region Code',
  'Component',
  'Instance Name',
  'usageType',
];
const PLAN_COLUMNS = [
  'SKU',
  'DiscountedRate',
  'Currency',
  'DiscountedUsageType',
  'PurchaseOption',
  'LeaseContractLength',
  'LeaseContractLengthUnit',
];

function csvFiles(): Files {
  const prices = PRODUCTS.flatMap(({ sku, attributes }) => {
    const tiers = Object.values((TERMS as Record<string, ReturnType<typeof term>>)[sku] ?? {}).flatMap(
      ({ priceDimensions }) => Object.values(priceDimensions),
    );
    const { regionCode, usagetype, component = '', instanceName = '' } = attributes as Record<string, string>;
    const price = (range: string, usd: string) => [
      sku,
      'OnDemand',
      range,
      usd,
      'USD',
      regionCode!,
      component,
      instanceName,
      usagetype!,
    ];
    return tiers.length === 0
      ? [price('0', '0.0000000000')]
      : tiers.map(({ beginRange, pricePerUnit }) => price(beginRange, pricePerUnit.USD));
  });
  const plan = (sku: string, usd: string, option: string, years: string) => [
    sku,
    usd,
    'USD',
    'EUC1-Host:ml.c7i.large',
    option,
    years,
    'year',
  ];
  return {
    ...whole(),
    [OFFER.replace('.json', '.csv')]: csv(...ABOUT, COLUMNS, ...prices),
    [PLAN.replace('.json', '.csv')]: csv(
      ...ABOUT,
      PLAN_COLUMNS,
      plan('ONE', '0.0950', 'No Upfront', '1'),
      plan('ALL', '0.0900', 'All Upfront', '1'),
      plan('THREE', '0.0700', 'No Upfront', '3'),
    ),
  };
}
const fetchedCsv = () => fetchOfferPrices('eu-central-1', { endpoint: endpoint(), format: 'csv' });

test('the files in CSV have the same prices as those in JSON', async () => {
  files = csvFiles();
  const { date: json, ...expected } = await fetched();
  const { date, ...found } = await fetchedCsv();
  expect(found).toEqual(expected);
  expect([json, date].every((each) => each > '2026')).toBe(true);
  expect(asked.slice(-3)[0]).toBe(OFFER.replace('.json', '.csv'));
});

test.each([
  ['a row cut short', (text: string) => text.slice(0, -30), /index\.csv cannot be read after \d+ bytes/],
  [
    'columns of another file',
    (text: string) => text.replace('PricePerUnit', 'Price'),
    /has no column priceperunit/,
  ],
  [
    'prices of another service',
    (text: string) => text.replace('AmazonSageMaker', 'AmazonEC2'),
    /format v1\.0 of AmazonEC2/,
  ],
  ['no table', () => 'not here', /has no row with the names of columns/],
])('a CSV file with %s is named', async (_, change, message) => {
  files = csvFiles();
  const name = OFFER.replace('.json', '.csv');
  files[name] = change(files[name] as string);
  await expect(fetchedCsv()).rejects.toThrow(message);
});
