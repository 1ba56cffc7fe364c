import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pricesCommand } from '../../../cli/src/commands/cost-prices.js';
import { CLI } from '../../support/cli.js';
import { inProcess } from '../support/in-process.js';
import {
  type RegionPrices,
  fetchPrices,
  openPriceBook,
  readCachedPrices,
  writeCachedPrices,
} from '@sagemaker-reranker/cost';

// Against a loopback server that speaks the Price List's JSON 1.1 protocol. Entries have the layout that public clients of the
// API read: hosting by `component` and `instanceName` (`instanceType` carries a suffix, other components have the same
// instance at another price), serverless seconds by usage type with a free tier below the price.

interface Request {
  readonly ServiceCode: string;
  readonly NextToken?: string;
  readonly Filters: readonly { readonly Field: string; readonly Value: string; readonly Type: string }[];
}
interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

let server: Server;
let requests: Request[];
let answer: (request: Request, n: number) => Answer;
let directory: string;

beforeEach(async () => {
  requests = [];
  directory = mkdtempSync(path.join(os.tmpdir(), 'prices-'));
  server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push(JSON.parse(body) as Request);
      const { status = 200, body: reply } = answer(requests.at(-1)!, requests.length);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  rmSync(directory, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

/** An entry as the API gives it: a JSON document in a string. */
function entry(
  attributes: Record<string, string>,
  tiers: Record<string, string>,
  family = 'ML Instance',
): string {
  const sku = 'JDZQJFUVUR8SUWHS';
  const begins = Object.keys(tiers);
  const dimensions = Object.entries(tiers).map(([beginRange, usd], i) => {
    const rateCode = `${sku}.JRTCKXETXF.${i === 0 ? '6YS6EN2CT7' : 'PGHJ3S3EYE'}`;
    const dimension = {
      unit: family === 'ML Serverless' ? 'seconds' : 'Hrs',
      endRange: begins[i + 1] ?? 'Inf',
      description: `$${usd} per unit`,
      appliesTo: [],
      rateCode,
      beginRange,
      pricePerUnit: { USD: usd },
    };
    return [rateCode, dimension] as const;
  });
  return JSON.stringify({
    product: {
      productFamily: family,
      attributes: {
        regionCode: 'eu-west-1',
        servicecode: 'AmazonSageMaker',
        locationType: 'AWS Region',
        location: 'EU (Ireland)',
        servicename: 'Amazon SageMaker',
        operation: '',
        ...attributes,
      },
      sku,
    },
    serviceCode: 'AmazonSageMaker',
    terms:
      dimensions.length === 0
        ? {}
        : {
            OnDemand: {
              [`${sku}.JRTCKXETXF`]: {
                priceDimensions: Object.fromEntries(dimensions),
                sku,
                effectiveDate: '2026-11-01T00:00:00Z',
                offerTermCode: 'JRTCKXETXF',
                termAttributes: {},
              },
            },
          },
    version: '20261115120000',
    publicationDate: '2026-11-15T12:00:00Z',
  });
}

const host = (name: string, usd: string | null, component = 'Hosting', usage = 'Host'): string =>
  entry(
    {
      instanceName: name,
      instanceType: `${name}-${component}`,
      component,
      platoinstancetype: component,
      computeType: 'Standard Instances',
      vCpu: '4',
      usagetype: `EU-${usage}:${name}`,
    },
    usd === null ? {} : { 0: usd },
  );

const SERVERLESS = [
  // The free tier may be a range of the same entry.
  entry(
    { usagetype: 'EU-ServerlessInf:Mem-2GB' },
    { 150000: '0.0000440000', 0: '0.0000000000' },
    'ML Serverless',
  ),
  entry({ usagetype: 'EU-ServerlessInf:Mem-4GB' }, { 0: '0.0000880000' }, 'ML Serverless'),
  entry({ usagetype: 'EU-ServerlessInf:Provisioned-Mem-2GB-Usage' }, { 0: '0.0000100000' }, 'ML Serverless'),
];
const isServerless = ({ Filters }: Request): boolean =>
  Filters.some(({ Value }) => Value === 'ML Serverless');
const isHosting = ({ Filters }: Request): boolean => Filters.some(({ Value }) => Value === 'Hosting');
const list = (entries: readonly string[], NextToken?: string): Answer => ({
  body: { FormatVersion: 'aws_v1', PriceList: entries, ...(NextToken && { NextToken }) },
});

/** Data and storage of endpoints. */
const BESIDE = [
  entry({ usagetype: 'EU-Hst:Data-Bytes-In', operation: 'Invoke-Endpoint' }, { 0: '0.0160000000' }, 'Data'),
  entry(
    { usagetype: 'EU-Host:VolumeUsage.gp2', volumeType: 'General Purpose-Hosting' },
    { 0: '0.1540000000' },
    'Storage',
  ),
];

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const before = { ...process.env };
beforeAll(() => Object.assign(process.env, CREDENTIALS));
afterAll(() => (process.env = before));

const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const fetched = (): Promise<RegionPrices> => fetchPrices('eu-west-1', { endpoint: address() });

/** The command in a process of its own. */
function prices(args: readonly string[], environment: Record<string, string> = {}) {
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    XDG_CACHE_HOME: directory,
    ...CREDENTIALS,
    ...environment,
  };
  const command = ['cost', 'prices', '--source', 'api', '--url', address(), ...args];
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [CLI, ...command], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const cache = (): string => path.join(directory, 'sagemaker-reranker', 'prices');

test('fetches every page, keeps hosting and serverless prices, and the book prefers them', async () => {
  answer = (request) => {
    if (isServerless(request)) return list(SERVERLESS);
    if (!isHosting(request)) return list(BESIDE);
    if (!request.NextToken) return list([host('ml.c7i.xlarge', '0.2400000000')], 'page-2');
    if (request.NextToken === 'page-2') return list([], 'page-3');
    return list([
      host('ml.m5.xlarge', '0.2570000000'),
      host('ml.c8g.large', null),
      host('ml.m5.xlarge', '0.2000000000', 'Studio-Notebook', 'Studio'),
    ]);
  };
  const { code, stdout, stderr } = await prices(['--region', 'eu-west-1', '--refresh']);
  expect(stderr).toMatch(/2 hosting, 0 savings plan and 2 serverless prices of eu-west-1 written to/);
  expect(stderr).toMatch(/no price in the list: EU-Host:ml\.c8g\.large/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ml\.c7i\.xlarge +4 +0\.2400 +list price +price-list-api/);
  expect(requests.map(({ NextToken }) => NextToken)).toEqual([
    undefined,
    'page-2',
    'page-3',
    undefined,
    undefined,
    undefined,
  ]);
  expect(requests[0]).toMatchObject({
    ServiceCode: 'AmazonSageMaker',
    Filters: [
      { Type: 'TERM_MATCH', Field: 'regionCode', Value: 'eu-west-1' },
      { Type: 'TERM_MATCH', Field: 'component', Value: 'Hosting' },
    ],
  });
  const book = openPriceBook(cache());
  expect(book.usdPerInstanceHour('ml.c7i.xlarge', 'eu-west-1')).toMatchObject({
    value: 0.24,
    basis: 'list price',
  });
  expect(book.usdPerInstanceHour('ml.m5.xlarge', 'eu-west-1')).toMatchObject({ value: 0.257 });
  expect(book.usdPerServerlessSecond(2048, 'eu-west-1')).toMatchObject({ value: 0.000044 });
  expect(book.usdPerServerlessSecond(4096, 'eu-west-1')).toMatchObject({ value: 0.000088 });
  expect(book.usdPerServerlessSecond(1024, 'eu-west-1')).toBeNull();
  expect(book.usdPerProcessedGb('eu-west-1')).toMatchObject({ value: 0.016, basis: 'list price' });
  expect(book.usdPerStorageGbMonth('eu-west-1')).toMatchObject({ value: 0.154, basis: 'list price' });
  expect(book.usdPerInstanceHour('ml.c8g.large', 'eu-west-1')).toBeNull();
  expect(readCachedPrices('eu-west-1', cache())!.withoutPrice).toEqual(['EU-Host:ml.c8g.large']);
  expect(readdirSync(cache())).toEqual(['eu-west-1.json']);
});

test('a throttled page is tried again', async () => {
  answer = (request, n) => {
    if (n === 1) return { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } };
    return list(isHosting(request) ? [host('ml.m5.xlarge', '0.2570000000')] : []);
  };
  expect((await fetched()).hosting).toEqual({ 'ml.m5.xlarge': 0.257 });
  expect(requests).toHaveLength(5);
});

test.each([
  ['ExpiredTokenException', /the AWS credentials have expired; sign in again/],
  [
    'AccessDeniedException',
    /AWS refused the credentials \(AccessDeniedException\); the identity needs pricing:GetProducts/,
  ],
  ['InvalidParameterException', /prices of eu-west-1 cannot be fetched: InvalidParameterException: no/],
])('%s says what to do', async (type, message) => {
  answer = () => ({ status: 400, body: { __type: type, message: 'no' } });
  await expect(fetched()).rejects.toThrow(message);
});

test('an empty list is refused by one line, and prices fetched before stay', async () => {
  answer = (request) => list(isHosting(request) ? [host('ml.m5.xlarge', '0.2570000000')] : []);
  const file = await writeCachedPrices(await fetched(), cache());
  const kept = readFileSync(file, 'utf8');
  answer = () => list([]);
  const { code, stderr } = await prices(['--region', 'eu-west-1', '--refresh']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/no hosting price for region eu-west-1: 0 entries without a price/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(readdirSync(cache())).toEqual(['eu-west-1.json']);
  expect(readFileSync(file, 'utf8')).toBe(kept);
});

test('a list that gives the same page again comes to an end', async () => {
  answer = () => list([host('ml.m5.xlarge', '0.2570000000')], 'again');
  await expect(fetched()).rejects.toThrow(/did not come to an end/);
});

test('missing credentials are one clear line, without a call', async () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  const { code, stderr } = await prices(['--region', 'eu-west-1', '--refresh'], none);
  expect(code).toBe(1);
  expect(stderr).toMatch(/no AWS credentials were found; set AWS_PROFILE/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(requests).toEqual([]);
});

test('an unknown region and a broken cache file are named', async () => {
  await expect(inProcess(pricesCommand(), ['--region', 'eu-wset-1'])).rejects.toThrow(
    /region "eu-wset-1" is not known; did you mean eu-west-1/,
  );
  answer = (request) => list(isHosting(request) ? [host('ml.m5.xlarge', '0.2570000000')] : []);
  const file = await writeCachedPrices(await fetched(), cache());
  writeFileSync(
    file,
    '{"format":2,"region":"eu-west-1","date":"x","hosting":{"a":0},"serverless":{},"savingsPlans":{}}',
  );
  expect(() => openPriceBook(cache())).toThrow(
    /eu-west-1\.json: holds a price that is not above 0; delete it/,
  );
});
