import type { Comparison, Figure, HostingOption, Question } from '../types.js';
import { count, counted, duration } from './format.js';

/** Options that differ in name only, in one row: modes that cost and take the same on an instance type. */
export function alike(options: readonly HostingOption[]): HostingOption[] {
  const groups = new Map<string, HostingOption[]>();
  for (const option of options) {
    const { instanceType, memoryMb, usdPerMonth, p95Ms, reasons, meetsTarget } = option;
    const key = JSON.stringify([
      instanceType,
      memoryMb,
      usdPerMonth?.value,
      p95Ms?.value,
      meetsTarget,
      reasons,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), option]);
  }
  return [...groups.values()].map((same) => {
    const [first] = same as [HostingOption, ...HostingOption[]];
    if (same.length === 1) return first;
    return {
      ...first,
      label: `${first.instanceType ?? `${first.memoryMb} MB`} ${same.map(({ hosting }) => hosting).join(', ')}`,
      notes: [...new Set(same.flatMap(({ notes }) => notes))],
      onFrontier: same.some(({ onFrontier }) => onFrontier),
    };
  });
}

/** The option to name first: the cheapest with a price of the region; else the cheapest by prices of others, which it says. */
interface Headline {
  readonly option: HostingOption;
  readonly words: string;
}

export function headline({ cheapest, options, question }: Comparison): Headline | undefined {
  const own = alike(options.filter(({ meetsTarget }) => meetsTarget));
  const found = options.find(({ id }) => id === cheapest);
  const row = (option: HostingOption): HostingOption => own.find(({ id }) => id === option.id) ?? option;
  if (found) return { option: row(found), words: 'cheapest' };
  const [first] = options;
  if (!first?.meetsTarget || !first.usdPerMonth) return undefined;
  return {
    option: row(first),
    words: `no price in ${question.region} is known; by the prices of ${first.priceRegion} the cheapest would be`,
  };
}

/** Why there is no headline. */
export function noHeadline({ options }: Comparison): string {
  return options.some(({ meetsTarget }) => meetsTarget)
    ? 'Options meet the target, but no price of them is known; what is missing, and how to get it, is listed below.'
    : 'No option meets the target; the table says what each would need.';
}

/** A figure's interval in words; empty where it has none. An end that is missing has no bound. */
export function intervalOf({ value, low, high }: Figure, format: (value: number) => string): string {
  if ((low === undefined && high === undefined) || (low === value && high === value)) return '';
  return `${format(low ?? value)} to ${high === undefined ? 'no upper end' : format(high)}`;
}

/** The question in a sentence. */
export function questionText(question: Question): string {
  const { model, region, queriesPerSecond, documentsPerQuery, tokensPerPair, p95Ms, duty, profile } =
    question;
  const rate = profile
    ? `up to ${counted(queriesPerSecond, 'query', 'queries')} a second by a day's profile`
    : `${counted(queriesPerSecond, 'query', 'queries')} a second`;
  const more = [
    question.minInstances === undefined
      ? []
      : `at least ${counted(question.minInstances, 'instance', 'instances')}`,
    question.zones === undefined ? [] : counted(question.zones, 'zone', 'zones'),
    question.savingsPlan === undefined
      ? []
      : `savings plan of ${question.savingsPlan === '1yr' ? 'one year' : 'three years'}`,
    question.total ? 'storage, logs and data counted' : [],
  ].flat();
  return `${model.precision} weights in ${region}: ${rate} of ${counted(documentsPerQuery, 'document', 'documents')} with ${counted(tokensPerPair, 'token', 'tokens')} each; 95 % of them within ${duration(p95Ms)}; traffic ${duty.name}, ${count(duty.hoursPerMonth)} hours a month${more.length > 0 ? `; ${more.join(', ')}` : ''}.`;
}

/** Options of the command as they stand in a link: `variant=tiny&queries-per-second=2&...`. */
export function questionLink(questions: readonly Question[]): string {
  const [first] = questions as [Question, ...Question[]];
  const each = (of: (question: Question) => string | number | undefined): string | undefined =>
    [...new Set(questions.map(of).filter((value) => value !== undefined))].join(',') || undefined;
  const ofVariant = questions.find(({ modelDirectory }) => modelDirectory === undefined);
  const { duty, profile, minInstances, zones, savingsPlan, total } = first;
  const fields: Record<string, string | number | undefined> = {
    variant: each(({ model, modelDirectory }) => (modelDirectory === undefined ? model.name : undefined)),
    precision: ofVariant?.model.precision,
    model: each(({ modelDirectory }) => modelDirectory),
    region: first.region,
    'queries-per-second': profile ? undefined : each(({ queriesPerSecond }) => queriesPerSecond),
    profile: profile?.join(','),
    documents: first.documentsPerQuery,
    tokens: first.tokensPerPair,
    p95: `${first.p95Ms}ms`,
    duty: profile ? undefined : duty.name,
    'min-instances': minInstances,
    zones,
    'savings-plan': savingsPlan,
    total: total ? 'yes' : undefined,
  };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) parameters.set(name, String(value));
  // Commas may stand in a fragment, and are easier to read so.
  return parameters.toString().replaceAll('%2C', ',');
}

/** The same as a command line. */
export function questionCommand(questions: readonly Question[]): string {
  const options = [...new URLSearchParams(questionLink(questions))].map(([name, value]) =>
    name === 'total' ? '--total' : `--${name} ${value}`,
  );
  return `reranker cost compare ${options.join(' ')}`;
}
