import { escapeHtml, variantFigures } from '@sagemaker-reranker/models';
import fc from 'fast-check';
import {
  type Comparison,
  compare,
  openPriceBook,
  parseDuty,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';
import { renderHtml } from '../../../cost/src/report/html.js';
import { distinctCurves, frontierOf, logTicks } from '../../../cost/src/report/html-charts.js';
import { count, duration, usd } from '../../../cost/src/report/format.js';
import { figure } from '../../../cost/src/report/html-text.js';
import { alike } from '../../../cost/src/report/rows.js';
import { comparisonOf } from './comparison.js';

test('text is escaped wherever it stands', async () => {
  const evil = `<script>alert("x")</script>&'`;
  const plain = comparisonOf();
  const [option, ...options] = plain.options;
  const comparison: Comparison = {
    ...plain,
    options: [
      {
        ...option!,
        id: evil,
        label: evil,
        notes: [evil],
        usdPerMonth: { ...option!.usdPerMonth!, source: evil },
      },
      ...options,
    ],
    services: plain.services.map((service) => ({ ...service, label: evil, notes: [evil] })),
    curves: plain.curves.map((curve) => ({ ...curve, label: evil })),
    gaps: [evil],
    notes: [evil],
    calibration: [evil],
    priceBook: { date: evil, description: evil },
  };
  const html = await renderHtml([comparison]);
  // Its own script alone.
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toContain(evil);
  expect(html.split(escapeHtml(evil)).length).toBeGreaterThan(8);
});

test('every figure says its basis and its interval', () => {
  const whole = { value: 12, low: 10, high: 15, basis: 'estimated', source: 'a formula' } as const;
  expect(figure(whole, usd)).toBe(
    '$12<small class="basis estimated" title="a formula">estimated, $10 to $15</small>',
  );
  const listed = { value: 3, basis: 'list price', source: 's' } as const;
  expect(figure(listed, usd)).toContain('class="basis list-price" title="s">list price</small>');
  expect(figure({ ...listed, low: 2 }, usd)).toContain('list price, $2 to no upper end');
  expect(figure({ ...listed, high: 4 }, usd)).toContain('list price, $3 to $4');
  expect(figure(null, usd)).toContain('not known');
});

test('numbers are written for people', () => {
  expect([0.012345, 3.14159, 999.4, 1234567].map(count)).toEqual(['0.0123', '3.14', '999', '1,234,567']);
  expect([0.5, -12.3].map(usd)).toEqual(['$0.5', '−$12.3']);
  expect([850, 1150, 60_000].map(duration)).toEqual(['850 ms', '1.15 s', '60 s']);
});

test('ticks of a logarithmic axis enclose its values', () => {
  const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), (values) => {
      const ticks = logTicks(values);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks[0]).toBeLessThanOrEqual(Math.min(...values));
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(Math.max(...values));
      expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
    }),
  );
  expect(logTicks([300, 1700])).toEqual([200, 500, 1000, 2000]);
  expect(logTicks([0.05, 500])).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
});

test('curves that lie on one another are one line; the frontier rises in cost', () => {
  const { curves, options } = comparisonOf();
  const [first] = curves;
  const twice = distinctCurves([first!, { ...first!, label: 'the same' }]);
  expect(twice).toHaveLength(1);
  expect(twice[0]!.label).toBe(`${first!.label} = the same`);
  const costs = frontierOf(options).map(({ usdPerMonth }) => usdPerMonth!.value);
  expect(costs).toEqual([...costs].sort((a, b) => a - b));
});

test('a comparison without options, curves or prices is still a page', async () => {
  const empty = {
    ...comparisonOf(),
    cheapest: null,
    options: [],
    services: [],
    curves: [],
    memoryBilled: [],
  };
  const html = await renderHtml([empty]);
  expect(html).toContain('No option meets the target');
  expect(html).toContain('No option has a cost curve.');
});

test('the shipped prices and measurements make a page', async () => {
  const question = {
    model: variantFigures('tiny', 'int8'),
    region: 'us-east-1',
    queriesPerSecond: 5,
    documentsPerQuery: 100,
    tokensPerPair: 200,
    p95Ms: 1500,
    duty: parseDuty('always'),
  } as const;
  const comparison = compare(question, { book: openPriceBook(), measurements: shippedMeasurements() });
  const html = await renderHtml([comparison]);
  for (const { id } of alike(comparison.options)) expect(html).toContain(`data-row="${escapeHtml(id)}"`);
});
