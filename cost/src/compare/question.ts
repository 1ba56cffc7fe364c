import { type ModelFigures, VARIANT_IDS, isVariantId, variantFigures } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import { didYouMean } from '../near-matches.js';
import { checkRegion } from '../price-book/regions.js';
import type { Duty, Precision, Question } from '../types.js';
import { HOURS_PER_MONTH, MOST_INSTANCES } from './assumptions.js';

/** Duties with a name. Burst: a quarter of an hour four times a day. */
export const DUTIES: Readonly<Record<string, Duty>> = {
  always: { name: 'always', hoursPerMonth: HOURS_PER_MONTH, startsPerMonth: 0 },
  'business-hours': { name: 'business-hours', hoursPerMonth: 220, startsPerMonth: 22 },
  burst: { name: 'burst', hoursPerMonth: 30, startsPerMonth: 120 },
};

/**
 * A duty by its name, or as `HOURSh/STARTS`: `40h/20` is 40 hours a month in 20 stretches.
 * @throws CostError
 */
export function parseDuty(text: string): Duty {
  if (Object.hasOwn(DUTIES, text)) return DUTIES[text]!;
  const match = /^(\d+(?:\.\d+)?)h\/(\d+)$/.exec(text);
  if (!match) {
    const names = Object.keys(DUTIES);
    throw new CostError(
      `duty "${text}" is not known; it must be ${names.join(', ')} or HOURSh/STARTS, for example 40h/20${didYouMean(text, names)}`,
    );
  }
  const duty = { name: text, hoursPerMonth: Number(match[1]), startsPerMonth: Number(match[2]) };
  if (!(duty.hoursPerMonth > 0 && duty.hoursPerMonth <= HOURS_PER_MONTH)) {
    throw new CostError(
      `duty "${text}" has ${duty.hoursPerMonth} hours a month; it must be above 0 and at most 730`,
    );
  }
  return duty;
}

/** Hours of a month at a rate of queries. */
interface Level {
  readonly queriesPerSecond: number;
  readonly hoursPerMonth: number;
}

/** Hours of a month with traffic, by their rate: those of the duty, or of the profile's 24 hours. */
export function levelsOf({ queriesPerSecond, duty, profile }: Question): Level[] {
  if (!profile) return [{ queriesPerSecond, hoursPerMonth: duty.hoursPerMonth }];
  const hours = HOURS_PER_MONTH / profile.length;
  return [...new Set(profile)]
    .filter((rate) => rate > 0)
    .map((rate) => ({
      queriesPerSecond: rate,
      hoursPerMonth: hours * profile.filter((each) => each === rate).length,
    }));
}

/**
 * A day's profile: 24 rates, of the hours from midnight on.
 * @throws CostError
 */
export function parseProfile(text: string): number[] {
  const rates = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (
    rates.length !== 24 ||
    !rates.every((rate) => rate >= 0 && rate <= 1e5) ||
    !rates.some((rate) => rate > 0)
  ) {
    throw new CostError(
      `a profile has 24 rates in queries a second, one for each hour of a day, separated by commas, from 0 to 100000 and not all 0; this one has ${rates.length}: ${text}`,
    );
  }
  return rates;
}

/** The traffic of a profile: its highest hour, and the hours that have any. */
export function trafficOf(
  profile: readonly number[],
): Pick<Question, 'queriesPerSecond' | 'duty' | 'profile'> {
  const starts = profile.filter((rate, hour) => rate > 0 && profile.at(hour - 1) === 0).length;
  const busy = profile.filter((rate) => rate > 0).length;
  return {
    queriesPerSecond: Math.max(...profile),
    duty: {
      name: `${busy} of 24 hours`,
      hoursPerMonth: (HOURS_PER_MONTH * busy) / 24,
      startsPerMonth: (starts * HOURS_PER_MONTH) / 24,
    },
    profile,
  };
}

/**
 * The figures of a variant, by its name.
 * @throws CostError that names the variants there are.
 */
export function modelOfVariant(name: string, precision: Precision): ModelFigures {
  if (isVariantId(name)) return variantFigures(name, precision);
  throw new CostError(
    `variant "${name}" is not known; it must be one of ${VARIANT_IDS.join(', ')}${didYouMean(name, VARIANT_IDS)}`,
  );
}

/**
 * Holds a question against what makes sense.
 * @throws CostError that names every fault at once.
 */
export function checkQuestion(question: Question): Question {
  const faults: string[] = [];
  const range = (name: string, value: number, least: number, most: number, what: string): void => {
    if (!(value >= least && value <= most))
      faults.push(`${name} is ${value}; it must be from ${least} to ${most} ${what}`);
  };
  const { name, maxLength } = question.model;
  range('tokens', question.tokensPerPair, 4, maxLength, `tokens a pair, the context of ${name}`);
  range('queries-per-second', question.queriesPerSecond, 1e-5, 1e5, 'queries a second');
  range('documents', question.documentsPerQuery, 1, 10_000, 'documents a query');
  if (!Number.isInteger(question.documentsPerQuery))
    faults.push(`documents is ${question.documentsPerQuery}; it must be a whole number`);
  range('p95', question.p95Ms, 1, 3_600_000, 'ms');
  range('min-instances', question.minInstances ?? 1, 1, MOST_INSTANCES, 'instances');
  range('zones', question.zones ?? 1, 1, 6, 'zones');
  try {
    checkRegion(question.region);
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (faults.length > 0) throw new CostError(faults.join('\n'));
  return question;
}

/** Queries a month. */
export function queriesPerMonth(question: Question): number {
  return levelsOf(question).reduce(
    (sum, { queriesPerSecond, hoursPerMonth }) => sum + queriesPerSecond * 3600 * hoursPerMonth,
    0,
  );
}

/** Pairs a month. */
export function documentsPerMonth(question: Question): number {
  return queriesPerMonth(question) * question.documentsPerQuery;
}
