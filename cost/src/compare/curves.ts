import type { PriceBook } from '../price-book/book.js';
import type { CostCurve, HostingOption, Measurement, Question, ServiceOption } from '../types.js';
import { instanceOption } from './instance-options.js';
import { serverlessOptions } from './serverless-options.js';
import { serviceOptions } from './services.js';

/** Points of a curve for each factor of ten in load. */
const PER_DECADE = 6;
/** Powers of ten below and above the question's load. */
const DECADES = 2;
/** Options that are drawn, beside the services. */
const MOST_OPTIONS = 8;

/** Cost over the load for the cheapest options of every mode, and for the services. */
export function costCurves(
  question: Question,
  options: readonly HostingOption[],
  services: readonly ServiceOption[],
  book: PriceBook,
  measurements: readonly Measurement[],
): CostCurve[] {
  const loads = Array.from(
    { length: 2 * DECADES * PER_DECADE + 1 },
    (_, i) => question.queriesPerSecond * 10 ** (i / PER_DECADE - DECADES),
  ).filter((load) => load >= 1e-5 && load <= 1e5);
  const hosted = drawn(options).map(({ id, label, hosting, instanceType, memoryMb }): CostCurve => {
    const at = (queriesPerSecond: number): HostingOption => {
      const asked = atLoad(question, queriesPerSecond);
      return hosting === 'serverless'
        ? serverlessOptions(asked, book, measurements).find((option) => option.memoryMb === memoryMb)!
        : instanceOption(asked, hosting, instanceType!, book, measurements);
    };
    return { option: id, label, points: points(loads, at), basis: 'estimated' };
  });
  const sold = services.map(({ id, label }): CostCurve => {
    const at = (queriesPerSecond: number): ServiceOption =>
      serviceOptions(atLoad(question, queriesPerSecond), book).find((service) => service.id === id)!;
    return { option: id, label, points: points(loads, at), basis: 'estimated' };
  });
  return [...hosted, ...sold];
}

/** The same question at another load; a profile is stretched. */
function atLoad(question: Question, queriesPerSecond: number): Question {
  const factor = queriesPerSecond / question.queriesPerSecond;
  return { ...question, queriesPerSecond, profile: question.profile?.map((rate) => rate * factor) };
}

/** The cheapest of every mode, then the next cheapest; those that meet the target before those that do not. */
function drawn(options: readonly HostingOption[]): HostingOption[] {
  const priced = options.filter(({ usdPerMonth }) => usdPerMonth !== null);
  const first = priced.filter(
    (option, i) => priced.findIndex(({ hosting }) => hosting === option.hosting) === i,
  );
  const others = priced.filter((option) => option.meetsTarget && !first.includes(option));
  return [...first, ...others].slice(0, MOST_OPTIONS);
}

function points(
  loads: readonly number[],
  at: (load: number) => HostingOption | ServiceOption,
): CostCurve['points'] {
  return loads.flatMap((queriesPerSecond) => {
    const option = at(queriesPerSecond);
    if (!option.usdPerMonth) return [];
    // Where the load cannot be met at all, the curve ends.
    if ('reasons' in option && option.reasons.some((reason) => reason.startsWith('load:'))) return [];
    const p95Ms = 'p95Ms' in option ? (option.p95Ms?.value ?? null) : null;
    return [{ queriesPerSecond, usdPerMonth: option.usdPerMonth.value, p95Ms }];
  });
}
