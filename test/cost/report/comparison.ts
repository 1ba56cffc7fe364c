import { variantFigures } from '@sagemaker-reranker/models';
import type { Comparison, Figure, HostingOption } from '../../../cost/src/types.js';

const estimate = (value: number, low?: number, high?: number): Figure => ({
  value,
  ...(low !== undefined && { low }),
  ...(high !== undefined && { high }),
  basis: 'estimated',
  source: 'made up for this test',
});

function option(
  name: string,
  usd: number | null,
  p95Ms: number | null,
  more: Partial<HostingOption> = {},
): HostingOption {
  return {
    id: `real-time/${name}/tiny`,
    label: `real-time ${name}`,
    hosting: 'real-time',
    model: 'tiny',
    precision: 'int8',
    instanceType: name,
    memoryMb: null,
    instances: estimate(2, 1, 3),
    utilisation: estimate(0.6),
    capacityTokensPerSecond: { ...estimate(40_000), basis: 'measured' },
    p95Ms: p95Ms === null ? null : estimate(p95Ms, 0.7 * p95Ms, 1.5 * p95Ms),
    usdPerMonth: usd === null ? null : { ...estimate(usd), basis: 'list price' },
    usdPerMillionDocuments: usd === null ? null : estimate(usd / 1000),
    priceRegion: usd === null ? null : 'eu-west-1',
    memoryHeadroomMib: estimate(3000),
    meetsTarget: true,
    reasons: [],
    notes: ['a note that is long enough to wrap in its cell on every width of screen'],
    onFrontier: false,
    ...more,
  };
}

const points = (slope: number): Comparison['curves'][number]['points'] =>
  [0.1, 1, 10, 100].map((queriesPerSecond) => ({
    queriesPerSecond,
    usdPerMonth: slope * queriesPerSecond + 50,
    p95Ms: 200,
  }));

/** A small comparison that has every kind of row. */
export function comparisonOf(): Comparison {
  return {
    format: 3,
    date: '2026-11-23T00:00:00.000Z',
    question: {
      model: variantFigures('tiny', 'int8'),
      region: 'eu-west-1',
      queriesPerSecond: 5,
      documentsPerQuery: 100,
      tokensPerPair: 200,
      p95Ms: 300,
      duty: { name: 'always', hoursPerMonth: 730, startsPerMonth: 0 },
    },
    priceBook: { date: '2026-11', description: 'prices made up for this test' },
    calibration: ['tiny int8 on a machine: 17,000 tokens/s'],
    cheapest: 'real-time/ml.c7i.large/tiny',
    options: [
      option('ml.c7i.large', 300, 280, { onFrontier: true }),
      option('ml.c7i.xlarge', 500, 160, { onFrontier: true }),
      option('ml.c7g.xlarge', 520, 190, { hosting: 'multi-model', id: 'multi-model/ml.c7g.xlarge/tiny' }),
      option('ml.m5.large', 250, 700, { meetsTarget: false, reasons: ['latency: 700 ms'] }),
      option('ml.c4.large', null, null, { meetsTarget: false, reasons: ['no price'], instances: null }),
    ],
    services: [
      {
        id: 'api',
        label: 'An API',
        usdPerMonth: estimate(13_000),
        usdPerMillionDocuments: estimate(10),
        notes: ['another model'],
      },
      {
        id: 'gap',
        label: 'An API without a price',
        usdPerMonth: null,
        usdPerMillionDocuments: null,
        notes: [],
      },
    ],
    memoryBilled: [
      {
        model: 'tiny',
        precision: 'int8',
        neededMib: estimate(900),
        memoryMb: 1024,
        usdPerSecond: estimate(0.00002),
        memorySavedAgainstBase: estimate(0.75),
        secondsPerQuery: estimate(1.2),
        usdPerMillionDocuments: estimate(2.4),
        savedAgainstBase: estimate(0.9),
      },
    ],
    accelerators: [{ instanceType: 'ml.g5.xlarge', priceRegion: 'us-east-1', usdPerMonth: estimate(1028) }],
    curves: [
      {
        option: 'real-time/ml.c7i.large/tiny',
        label: 'real-time ml.c7i.large',
        points: points(30),
        basis: 'estimated',
      },
      { option: 'api', label: 'An API', points: points(2600), basis: 'list price' },
    ],
    gaps: ['ml.c4.large has no price in eu-west-1'],
    notes: ['a month has 730 hours'],
  };
}
