import fc from 'fast-check';
import { type Comparison, type Question, compare, openPriceBook, parseDuty } from '@sagemaker-reranker/cost';
import { comparisonCsv } from '@sagemaker-reranker/cost';
import { MEASUREMENTS } from '../support/measurement.js';

const book = openPriceBook('/nonexistent');
const QUESTION: Question = {
  variant: 'tiny',
  precision: 'int8',
  region: 'us-east-1',
  queriesPerSecond: 2,
  documentsPerQuery: 30,
  tokensPerPair: 120,
  p95Ms: 800,
  duty: parseDuty('always'),
};
const TYPES = ['ml.c7i.xlarge', 'ml.c6i.2xlarge', 'ml.c7g.2xlarge', 'ml.c5.large'];

let plain: Comparison | undefined;
/** The answer to the question as it stands, which many tests look at. */
const answer = (): Comparison => (plain ??= ask());

function ask(changes: Partial<Question> = {}, instanceTypes?: readonly string[]): Comparison {
  const options = { book, measurements: MEASUREMENTS, ...(instanceTypes && { instanceTypes }) };
  return compare({ ...QUESTION, ...changes }, options);
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

test('a missing price is a named gap and never zero', () => {
  const { options, gaps, memoryBilled } = ask({ region: 'eu-west-1' }, ['ml.m5.xlarge', 'ml.c7i.xlarge']);
  const c7i = options.filter(({ instanceType }) => instanceType === 'ml.c7i.xlarge');
  expect(c7i.map(({ usdPerMonth }) => usdPerMonth)).toEqual(c7i.map(() => null));
  expect(gaps[0]).toMatch(
    /no hosting price in eu-west-1 for 1 instance types: ml\.c7i \(xlarge\); `reranker cost/,
  );
  expect(gaps[1]).toMatch(/no serverless price in eu-west-1/);
  expect(memoryBilled.map(({ usdPerSecond }) => usdPerSecond)).toEqual([null, null, null]);
  expect(figures(options).every(({ value }) => value !== undefined)).toBe(true);
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
  [{ variant: 'turbp' as 'turbo' }, /variant "turbp" is not known.*did you mean turbo/],
])('%j is refused', (changes, message) => {
  expect(() => ask(changes)).toThrow(message);
});

test('an unknown instance type is refused with the nearest', () => {
  expect(() => ask({}, ['ml.c7i.xlrage'])).toThrow(/did you mean ml\.c7i\.xlarge/);
});

test('CSV: a row for every option and service, as many cells as the header, quoted by RFC 4180', () => {
  const comparison = answer();
  const lines = comparisonCsv(comparison).split('\r\n');
  expect(lines.pop()).toBe('');
  expect(lines).toHaveLength(1 + comparison.options.length + comparison.services.length);
  const cells = (line: string): number => line.replace(/"(?:[^"]|"")*"/g, 'x').split(',').length;
  expect(new Set(lines.map(cells))).toEqual(new Set([cells(lines[0]!)]));
});
