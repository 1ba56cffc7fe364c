import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Comparison,
  PriceBook,
  type Question,
  compare,
  modelOfVariant,
  openPriceBook,
  parseDuty,
  parseProfile,
  trafficOf,
} from '@sagemaker-reranker/cost';
import { alike, comparisonCsv, comparisonMarkdown } from '@sagemaker-reranker/cost/report';
import { variantFigures } from '@sagemaker-reranker/models';
import { comparisonText } from '../../../cli/src/cost-text.js';
import { MEASUREMENTS } from '../support/measurement.js';

const book = openPriceBook('/nonexistent');
const QUESTION: Question = {
  model: variantFigures('tiny', 'int8'),
  region: 'us-east-1',
  queriesPerSecond: 2,
  documentsPerQuery: 30,
  tokensPerPair: 120,
  p95Ms: 800,
  duty: parseDuty('always'),
};
const TYPES = ['ml.c7i.xlarge', 'ml.c6i.2xlarge', 'ml.c7g.2xlarge', 'ml.c5.large'];

/** Of the other prices those that need a region are of one that is not asked. */
const shipped = path.resolve(__dirname, '../../../cost/price-book/other.json');
const parsed = JSON.parse(readFileSync(shipped, 'utf8')) as ConstructorParameters<typeof PriceBook>[1];
const OTHER = { ...parsed, serverless: { ...parsed.serverless, memoryMb: [] } };

let plain: Comparison | undefined;
/** The answer to the question as it stands, which many tests look at. */
const answer = (): Comparison => (plain ??= ask());

function ask(changes: Partial<Question> = {}, instanceTypes?: readonly string[]): Comparison {
  return compare({ ...QUESTION, ...changes }, { book, measurements: MEASUREMENTS, instanceTypes });
}

/** Cost of the cheapest option that meets the target, Infinity when none does. */
function least(changes: Partial<Question>): number {
  const [best] = ask(changes, TYPES).options;
  return best?.meetsTarget ? best.usdPerMonth!.value : Infinity;
}

/** Every object of the answer that is a figure. */
function figures(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  const own = 'value' in record ? [record] : [];
  return [...own, ...Object.values(record).flatMap(figures)];
}

test('options that meet the target come first, cheapest first; the others say why', () => {
  const { options } = answer();
  const firstMiss = options.findIndex(({ meetsTarget }) => !meetsTarget);
  const meets = options.slice(0, firstMiss);
  expect(meets.length).toBeGreaterThan(3);
  expect(options.slice(firstMiss).every((o) => !o.meetsTarget && o.reasons.length > 0)).toBe(true);
  const costs = meets.map(({ usdPerMonth }) => usdPerMonth!.value);
  expect(costs).toEqual([...costs].sort((a, b) => a - b));
  expect(meets.every(({ p95Ms }) => p95Ms!.value <= 800)).toBe(true);
  expect(meets[0]!.onFrontier).toBe(true);
});

test('what another option beats is not on the frontier, nor first: c5 and c6i of a size cost the same', () => {
  const types = ['ml.c5.4xlarge', 'ml.c6i.4xlarge', 'ml.c5.9xlarge'];
  const changes = { queriesPerSecond: 5, documentsPerQuery: 60, tokensPerPair: 200, p95Ms: 500 };
  for (const order of [types, [...types].reverse()]) {
    const meets = ask(changes, order).options.filter(({ meetsTarget }) => meetsTarget);
    const of = (o: (typeof meets)[number]): [number, number] => [o.usdPerMonth!.value, o.p95Ms!.value];
    const beats = (a: [number, number], b: [number, number]): boolean =>
      a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
    const frontier = meets.filter(({ onFrontier }) => onFrontier);
    expect(frontier.length).toBeGreaterThan(0);
    for (const best of frontier) expect(meets.filter((o) => beats(of(o), of(best)))).toEqual([]);
    expect(meets[0]!.instanceType).toBe('ml.c6i.4xlarge');
  }
});

test('every figure says measured, estimated or list price, is finite, and lies in its interval', () => {
  const all = figures(answer());
  expect(all.length).toBeGreaterThan(500);
  for (const { value, low = value, high = value, basis, source } of all) {
    expect(['measured', 'estimated', 'list price']).toContain(basis);
    expect(source).not.toBe('');
    expect([low, value, high].every(Number.isFinite)).toBe(true);
    expect(Number(low)).toBeLessThanOrEqual(Number(value));
    expect(Number(high)).toBeGreaterThanOrEqual(Number(value));
  }
});

test('a looser target never costs more; more traffic never costs less', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 20, noNaN: true }),
      fc.integer({ min: 100, max: 5000 }),
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 1, max: 4, noNaN: true }),
      (queriesPerSecond, p95Ms, documentsPerQuery, factor) => {
        const cost = least({ queriesPerSecond, p95Ms, documentsPerQuery });
        expect(least({ queriesPerSecond, p95Ms: p95Ms * factor, documentsPerQuery })).toBeLessThanOrEqual(
          cost,
        );
        const more = { p95Ms, documentsPerQuery: Math.ceil(documentsPerQuery * factor) };
        expect(least({ queriesPerSecond, ...more })).toBeGreaterThanOrEqual(cost);
      },
    ),
    { numRuns: 6 },
  );
});

test('an instance type never costs less under more queries a second', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 20, noNaN: true }),
      fc.double({ min: 1, max: 10, noNaN: true }),
      (queriesPerSecond, factor) => {
        const costs = (rate: number): Map<string, number> =>
          new Map(
            ask({ queriesPerSecond: rate }, TYPES)
              .options.filter(({ hosting }) => hosting === 'real-time')
              .map(({ id, usdPerMonth }) => [id, usdPerMonth!.value]),
          );
        const little = costs(queriesPerSecond);
        for (const [id, cost] of costs(queriesPerSecond * factor))
          expect(cost).toBeGreaterThanOrEqual(little.get(id)!);
      },
    ),
    { numRuns: 5 },
  );
});

test('serverless wins where traffic is rare, instances where it is steady', () => {
  const rare = ask({ queriesPerSecond: 0.2, p95Ms: 3000, duty: parseDuty('burst') });
  expect(rare.options[0]!.hosting).toBe('serverless');
  const steady = ask({ queriesPerSecond: 20, p95Ms: 3000 });
  expect(steady.options[0]!.hosting).toBe('real-time');
});

test('scale to zero costs less than real-time in business hours, and cold starts are counted', () => {
  const options = ask({ duty: parseDuty('business-hours') }, TYPES).options;
  const of = (hosting: string) =>
    options.find((o) => o.hosting === hosting && o.instanceType === 'ml.c6i.2xlarge')!;
  expect(of('inference-components').usdPerMonth!.value).toBeLessThan(of('real-time').usdPerMonth!.value);
  expect(of('inference-components').notes.join()).toMatch(/fail and must be retried/);
  const burst = ask({ duty: parseDuty('burst') }, TYPES).options;
  const cold = burst.find((o) => o.hosting === 'inference-components')!;
  expect(cold.meetsTarget).toBe(false);
  expect(cold.reasons.join()).toMatch(/cold starts: \d+ % of the queries/);
});

test('an impossible target says what would be needed', () => {
  const { options } = ask({ documentsPerQuery: 1000, tokensPerPair: 2000, p95Ms: 200 });
  expect(options.some(({ meetsTarget }) => meetsTarget)).toBe(false);
  const realTime = options.find(({ hosting }) => hosting === 'real-time')!;
  expect(realTime.reasons.join()).toMatch(
    /needs about \d+ vCPUs.*(or at most \d+ documents a query|or a target of)/,
  );
});

test('a missing price is a named gap; the nearest region stands in for it, marked, and is never the cheapest', () => {
  const { options, gaps, memoryBilled, cheapest } = ask({ region: 'eu-west-1', p95Ms: 3000 }, [
    'ml.m5.xlarge',
    'ml.c7i.xlarge',
  ]);
  const of = (name: string) => options.filter(({ instanceType }) => instanceType === name);
  for (const { priceRegion, usdPerMonth, onFrontier } of of('ml.c7i.xlarge')) {
    expect(priceRegion).toBe('us-east-1');
    expect(usdPerMonth!.source).toMatch(/stand-in: the price of us-east-1/);
    expect(usdPerMonth!.high! / usdPerMonth!.low!).toBeGreaterThan(1.5);
    expect(onFrontier).toBe(false);
  }
  // c7i.xlarge would be cheaper by the other region's price.
  expect(of('ml.c7i.xlarge')[0]!.usdPerMonth!.value).toBeLessThan(of('ml.m5.xlarge')[0]!.usdPerMonth!.value);
  expect(options[0]!.instanceType).toBe('ml.m5.xlarge');
  expect(cheapest).toBe(options[0]!.id);
  expect(gaps[0]).toMatch(
    /no hosting price in eu-west-1 for 1 instance types: ml\.c7i \(xlarge\); the prices of us-east-1 stand in for them; `reranker cost/,
  );
  expect(gaps[1]).toMatch(/no serverless price in eu-west-1; that of us-east-1 stands in/);
  expect(memoryBilled.every(({ usdPerSecond }) => usdPerSecond!.source.startsWith('stand-in'))).toBe(true);
});

test.each(['eu-central-1', 'ap-south-1', 'sa-east-1'])(
  'without a price of %s nothing is the cheapest',
  (region) => {
    const comparison = ask({ region }, TYPES);
    expect(comparison.cheapest).toBeNull();
    expect(comparison.options.some(({ onFrontier }) => onFrontier)).toBe(false);
    expect(comparisonText(comparison, 3)).toMatch(
      new RegExp(`No price in ${region} is known; by the prices of us-east-1 the cheapest would be`),
    );
    expect(comparisonText(comparison, 3)).not.toMatch(/^Cheapest:/m);
    expect(comparisonMarkdown([comparison])).not.toMatch(/\*\*Cheapest/);
    const cells = comparisonCsv([comparison])
      .split('\r\n')
      .map((line) => line.split(','));
    const column = cells[0]!.indexOf('cheapest');
    expect(cells.slice(1, -1).every((row) => row[column] === 'false')).toBe(true);
  },
);

test('a book without any price names no cheapest, and shows what could be told without', () => {
  const empty = new PriceBook({ date: '2026-11', note: '', rows: [] }, OTHER);
  const options = { book: empty, measurements: MEASUREMENTS, instanceTypes: TYPES };
  const comparison = compare(QUESTION, options);
  expect(comparison.cheapest).toBeNull();
  const meets = comparison.options.filter(({ meetsTarget }) => meetsTarget);
  expect(meets.length).toBeGreaterThan(0);
  expect(meets.every(({ usdPerMonth, priceRegion }) => !usdPerMonth && priceRegion === null)).toBe(true);
  expect(comparisonText(comparison, 3)).toMatch(/Options meet the target, but no price of them is known/);
});

test('a load beyond every fleet is answered, and says how many instances it would take', () => {
  const { options, cheapest } = ask({ queriesPerSecond: 5000, documentsPerQuery: 1000, tokensPerPair: 8000 });
  expect(cheapest).toBeNull();
  const fleets = options.filter(({ hosting }) => hosting === 'real-time');
  for (const { reasons, instances, usdPerMonth } of fleets) {
    expect(reasons.join()).toMatch(/load: [\d,]+ instances would be needed, and at most 1000 are considered/);
    expect([instances, usdPerMonth]).toEqual([null, null]);
  }
});

test('zones: the target holds with one lost; instances that are kept are paid for', () => {
  const at = (changes: Partial<Question>) =>
    ask({ queriesPerSecond: 20, ...changes }, ['ml.c7i.xlarge']).options.find(
      (o) => o.hosting === 'real-time',
    )!;
  const needed = at({}).instances!.value;
  const two = at({ zones: 2 }).instances!.value;
  expect(two - Math.ceil(two / 2)).toBeGreaterThanOrEqual(needed);
  expect(two - 1 - Math.ceil((two - 1) / 2)).toBeLessThan(needed);
  const kept = at({ queriesPerSecond: 0.01, minInstances: 3, duty: parseDuty('burst') });
  expect(kept.instances!.value).toBe(3);
  expect(kept.usdPerMonth!.value).toBeCloseTo(3 * 730 * 0.214, 6);
  const component = ask({ minInstances: 2, duty: parseDuty('burst') }, ['ml.c7i.xlarge']).options.find(
    (o) => o.hosting === 'inference-components',
  )!;
  expect(component.notes.join()).not.toMatch(/must be retried/);
});

test("a day's profile costs between its mean and its peak all day, by hours of instances", () => {
  const profile = parseProfile(
    [...Array<number>(8).fill(0), ...Array<number>(8).fill(30), ...Array<number>(8).fill(2)].join(','),
  );
  const of = (changes: Partial<Question>) =>
    ask(changes, ['ml.c7i.xlarge']).options.find((o) => o.hosting === 'real-time')!;
  const day = of(trafficOf(profile));
  const peak = of({ queriesPerSecond: 30 });
  const evening = of({ queriesPerSecond: 2 });
  expect(day.instances!.value).toBe(peak.instances!.value);
  // Eight hours each of none (one instance stays), peak, and evening.
  const hours = (730 / 3) * (1 + peak.instances!.value + evening.instances!.value);
  expect(day.usdPerMonth!.value).toBeCloseTo(0.214 * hours, 4);
  expect(trafficOf(profile).duty).toMatchObject({ hoursPerMonth: (730 * 2) / 3, startsPerMonth: 730 / 24 });
});

test('a savings plan without known rates is on demand, with the greatest discount as its low end', () => {
  const { options, gaps } = ask({ savingsPlan: '3yr' }, ['ml.c7i.xlarge']);
  const on = ask({}, ['ml.c7i.xlarge']).options.find((o) => o.hosting === 'real-time')!.usdPerMonth!;
  const plan = options.find((o) => o.hosting === 'real-time')!.usdPerMonth!;
  expect(plan.value).toBe(on.value);
  expect(plan.low).toBeCloseTo(on.low! * 0.36, 6);
  expect(gaps.join()).toMatch(/no rates of savings plans in us-east-1/);
});

test('a total counts storage, logs, data and cross-zone traffic', () => {
  const real = (changes: Partial<Question>): number =>
    ask(changes, ['ml.c7i.xlarge']).options.find((o) => o.hosting === 'real-time')!.usdPerMonth!.value;
  const months = real({}) / (0.214 * 730);
  const queries = 2 * 3600 * 730;
  const gb = (queries * 30 * 120 * 5) / 1e9;
  const beside = 0.14 * 30 * months + (0.5 * queries * 600) / 1e9 + 0.016 * gb;
  expect(real({ total: true }) - real({})).toBeCloseTo(beside, 6);
});

test('a fleet that latency alone makes large says so', () => {
  const { options } = ask({ documentsPerQuery: 20, tokensPerPair: 150, p95Ms: 60 }, [
    'ml.c6i.4xlarge',
    'ml.c7i.2xlarge',
    'ml.c7g.4xlarge',
  ]);
  const idle = options.filter((o) => o.meetsTarget && o.instances!.value > 1 && o.utilisation!.value < 0.3);
  for (const { notes } of idle) expect(notes.join()).toMatch(/used .*: a query alone takes .* of the target/);
});

test('options that differ in name only are one row', () => {
  const rows = alike(ask({}, ['ml.c7i.xlarge']).options);
  const { label } = rows.find(({ instanceType }) => instanceType === 'ml.c7i.xlarge')!;
  expect(label).toBe('ml.c7i.xlarge real-time, multi-model, inference-components');
});

test('prices that were derived make estimates, those of a list do not', () => {
  expect(book.usdPerInstanceHour('ml.c7g.2xlarge', 'us-east-1')).toMatchObject({
    value: 0.348,
    basis: 'estimated',
  });
  expect(book.usdPerInstanceHour('ml.m5.xlarge', 'eu-west-1')).toMatchObject({
    value: 0.257,
    basis: 'list price',
  });
});

test('base, turbo and tiny on memory-billed hosting: less memory, less time, less money', () => {
  const [base, turbo, tiny] = answer().memoryBilled;
  expect(base!.memoryMb).toBeGreaterThan(tiny!.memoryMb!);
  expect(turbo!.savedAgainstBase!.value).toBeGreaterThan(0.5);
  expect(tiny!.savedAgainstBase!.value).toBeGreaterThan(turbo!.savedAgainstBase!.value);
});

test('services cost the same a document at any load', () => {
  const per = (rate: number) =>
    ask({ queriesPerSecond: rate }, TYPES).services.map((s) => s.usdPerMillionDocuments!.value);
  per(1).forEach((cost, i) => expect(cost).toBeCloseTo(per(10)[i]!, 6));
});

test.each([
  [{ queriesPerSecond: -1 }, /queries-per-second is -1; it must be from/],
  [{ queriesPerSecond: 1e9 }, /queries-per-second is 1000000000/],
  [{ documentsPerQuery: 2.5 }, /documents is 2.5; it must be a whole number/],
  [{ tokensPerPair: 100_000 }, /tokens is 100000; it must be from 4 to 8192/],
  [{ region: 'us-esat-1' }, /region "us-esat-1" is not known; did you mean us-east-1/],
])('%j is refused', (changes, message) => {
  expect(() => ask(changes)).toThrow(message);
});

test('an unknown variant is refused with the nearest', () => {
  expect(() => modelOfVariant('turbp', 'int8')).toThrow(/variant "turbp" is not known.*did you mean turbo/);
});

test('an unknown instance type is refused with the nearest', () => {
  expect(() => ask({}, ['ml.c7i.xlrage'])).toThrow(/did you mean ml\.c7i\.xlarge/);
});

test('CSV: a row for every option and service, as many cells as the header, quoted by RFC 4180', () => {
  const comparison = answer();
  const lines = comparisonCsv([comparison]).split('\r\n');
  expect(lines.pop()).toBe('');
  expect(lines).toHaveLength(1 + comparison.options.length + comparison.services.length);
  const cells = (line: string): number => line.replace(/"(?:[^"]|"")*"/g, 'x').split(',').length;
  expect(new Set(lines.map(cells))).toEqual(new Set([cells(lines[0]!)]));
});
