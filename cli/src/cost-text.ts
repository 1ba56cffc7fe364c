import type { Comparison, Figure, HostingOption } from '@sagemaker-reranker/cost';
import { table, type Column } from './table.js';

/**
 * A comparison for the terminal: what meets the target, cheapest first, then what does not and why. Every number is
 * followed by its basis: `m` measured, `e` estimated, `l` list price; an interval stands in brackets.
 * @param rows of each part at most
 */
export function comparisonText(comparison: Comparison, rows: number): string {
  const { question, options, calibration } = comparison;
  const { variant, precision, region, queriesPerSecond, documentsPerQuery, tokensPerPair, p95Ms, duty } =
    question;
  const meets = options.filter((option) => option.meetsTarget);
  const fails = options.filter((option) => !option.meetsTarget);
  return [
    `${variant} ${precision} in ${region}: ${queriesPerSecond} queries/s of ${documentsPerQuery} documents x ${tokensPerPair} tokens, p95 ${p95Ms} ms, ${duty.name} (${duty.hoursPerMonth} h a month)`,
    `Prices: ${comparison.priceBook.description}.`,
    `After each number: m measured, e estimated, l list price; [low - high]. Options marked * are on the frontier of cost and latency.`,
    '',
    meets.length > 0 ? meeting(meets, rows) : `No option meets the target.`,
    '',
    `Not meeting the target (${fails.length}):`,
    failing(fails, rows),
    '',
    'The same work at APIs (other models):',
    services(comparison),
    '',
    `Billed by memory (serverless), ${precision}:`,
    memoryBilled(comparison),
    '',
    `Calibrated on: ${calibration.join('; ')}.`,
    ...notes(meets.slice(0, rows)),
    ...comparison.gaps.map((gap) => `Missing: ${gap}.`),
    ...comparison.notes.map((note) => `Note: ${note}.`),
  ].join('\n');
}

const right = (heading: string): Column => ({ heading, align: 'right' });

function meeting(options: readonly HostingOption[], most: number): string {
  const merged = mergeModes(options);
  const shown = merged.slice(0, most);
  const text = table(
    [
      { heading: 'hosting' },
      right('instances'),
      right('used'),
      right('p95 ms'),
      right('USD/month'),
      right('USD/M documents'),
      right('free MiB'),
    ],
    shown.map((option) => [
      `${option.label}${option.onFrontier ? ' *' : ''}`,
      figure(option.instances, 0),
      option.utilisation
        ? figure({ ...option.utilisation, value: option.utilisation.value * 100 }, 0, ' %')
        : '-',
      figure(option.p95Ms, 0),
      figure(option.usdPerMonth, 2),
      figure(option.usdPerMillionDocuments, 3),
      figure(option.memoryHeadroomMib, 0),
    ]),
  );
  return `${text}${more(merged.length, most)}`;
}

function failing(options: readonly HostingOption[], most: number): string {
  const merged = mergeModes(options);
  const shown = merged.slice(0, most);
  return `${table(
    [{ heading: 'hosting' }, right('p95 ms'), right('USD/month'), { heading: 'why' }],
    shown.map(({ label, p95Ms, usdPerMonth, reasons }) => [
      label,
      figure(p95Ms, 0),
      figure(usdPerMonth, 2),
      reasons.length > 1 ? `${reasons[0]} (and ${reasons.length - 1} more)` : reasons[0]!,
    ]),
  )}${more(merged.length, most)}`;
}

/** Modes that come out alike on an instance type, in one row. */
function mergeModes(options: readonly HostingOption[]): HostingOption[] {
  const key = ({ instanceType, memoryMb, usdPerMonth, p95Ms, reasons }: HostingOption): string =>
    [instanceType, memoryMb, usdPerMonth?.value, p95Ms?.value, ...reasons].join('|');
  const keys = [...new Set(options.map(key))];
  return keys
    .map((each) => options.filter((option) => key(option) === each))
    .map((alike) => ({
      ...alike[0]!,
      label:
        alike.length === 1
          ? alike[0]!.label
          : `${alike[0]!.instanceType} ${alike.map(({ hosting }) => hosting).join(', ')}`,
      onFrontier: alike.some(({ onFrontier }) => onFrontier),
    }));
}

function services({ services: sold }: Comparison): string {
  return table(
    [{ heading: 'API' }, right('USD/month'), right('USD/M documents')],
    sold.map(({ label, usdPerMonth, usdPerMillionDocuments }) => [
      label,
      figure(usdPerMonth, 2),
      figure(usdPerMillionDocuments, 3),
    ]),
  );
}

function memoryBilled({ memoryBilled: rows }: Comparison): string {
  return table(
    [
      { heading: 'variant' },
      right('needs MiB'),
      right('billed MB'),
      right('USD/s'),
      right('saved by memory'),
      right('s a query'),
      right('USD/M documents'),
      right('saved'),
    ],
    rows.map((row) => [
      row.variant,
      figure(row.neededMib, 0),
      row.memoryMb === null ? 'none' : String(row.memoryMb),
      figure(row.usdPerSecond, 6),
      share(row.memorySavedAgainstBase),
      figure(row.secondsPerQuery, 2),
      figure(row.usdPerMillionDocuments, 3),
      share(row.savedAgainstBase),
    ]),
  );
}

function notes(options: readonly HostingOption[]): string[] {
  const labels = new Map<string, string[]>();
  for (const { label, notes: found } of options)
    for (const note of found) labels.set(note, [...(labels.get(note) ?? []), label]);
  return [...labels].map(
    ([note, of]) => `${of.slice(0, 3).join(', ')}${of.length > 3 ? ' and others' : ''}: ${note}.`,
  );
}

function more(all: number, most: number): string {
  return all > most ? `\n... and ${all - most} more (--rows 0 shows all)` : '';
}

/** `12.30e [9.10 - 20.00]`; `no price` where there is none. */
function figure(value: Figure | null, digits: number, unit = ''): string {
  if (!value) return 'unknown';
  const text = (number: number): string => number.toFixed(digits);
  const { low, high } = value;
  const range =
    low === undefined && high === undefined
      ? ''
      : ` [${text(low ?? value.value)} - ${high === undefined ? 'no end' : text(high)}]`;
  return `${text(value.value)}${unit}${value.basis[0]!}${value.low === value.high && value.low === value.value ? '' : range}`;
}

function share(value: Figure | null): string {
  return value ? `${(100 * value.value).toFixed(0)} %${value.basis[0]!}` : 'unknown';
}
