import type { Comparison, Figure, HostingOption } from '@sagemaker-reranker/cost';
import {
  alike,
  count,
  headline,
  intervalOf,
  noHeadline,
  questionText,
  standIn,
} from '@sagemaker-reranker/cost/report';
import { VARIANTS } from '@sagemaker-reranker/models';
import { right, table } from './terminal/table.js';
import { wrapped } from './terminal/text.js';

/** Several answers side by side, for the terminal. */
export function sideBySideText(comparisons: readonly Comparison[]): string {
  return table(
    [
      { heading: 'model' },
      right('queries/s'),
      { heading: 'cheapest' },
      right('USD/month'),
      right('p95 ms'),
      right('quality'),
    ],
    comparisons.map((comparison) => {
      const { model, queriesPerSecond, region } = comparison.question;
      const found = headline(comparison)?.option;
      return [
        `${model.name} ${model.precision}`,
        count(queriesPerSecond),
        found ? found.label + standIn(found, region) : 'none meets the target',
        found ? figure(found.usdPerMonth) : '-',
        found ? figure(found.p95Ms) : '-',
        String((model.variant && VARIANTS[model.variant].published?.beirNdcg10) ?? '-'),
      ];
    }),
  );
}

/**
 * A comparison for the terminal: what meets the target, cheapest first, then what does not and why. Every number is
 * followed by its basis: `m` measured, `e` estimated, `l` list price; an interval stands in brackets.
 * @param rows of each part at most
 */
export function comparisonText(comparison: Comparison, rows: number): string {
  const { question, options, calibration, accelerators } = comparison;
  const meets = alike(options.filter((option) => option.meetsTarget));
  const fails = alike(options.filter((option) => !option.meetsTarget));
  const found = headline(comparison);
  const lines = [
    `${question.model.name}: ${questionText(question)}`,
    found
      ? `${found.words[0]!.toUpperCase()}${found.words.slice(1)}: ${found.option.label}, ${figure(found.option.usdPerMonth)} USD a month.`
      : noHeadline(comparison),
    `Prices: ${comparison.priceBook.description}.`,
    `After each number: m measured, e estimated, l list price; [low - high]. * marks options that no other beats in both cost and latency.`,
    '',
    meets.length > 0 ? meeting(meets, rows, question.region) : `No option meets the target.`,
    '',
    ...(fails.length > 0 ? [`Not meeting the target (${fails.length}):`, failing(fails, rows), ''] : []),
    'The same work at APIs (other models):',
    services(comparison),
    '',
    `Billed by memory (serverless), ${question.model.precision}:`,
    memoryBilled(comparison),
    '',
    `GPUs and Inferentia would stay idle: this container runs on CPUs. A month of one: ${accelerators.map(({ instanceType, usdPerMonth }) => `${instanceType} ${figure(usdPerMonth)}`).join(', ')} USD.`,
    `Calibrated on: ${calibration.join('; ')}.`,
    ...notes(meets.slice(0, rows)),
    ...comparison.gaps.map((gap) => `Missing: ${gap}.`),
    ...comparison.notes.map((note) => `Note: ${note}.`),
  ];
  return wrapped(lines.join('\n'));
}

function meeting(options: readonly HostingOption[], most: number, region: string): string {
  const shown = options.slice(0, most);
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
      `${option.label}${standIn(option, region)}${option.onFrontier ? ' *' : ''}`,
      figure(option.instances),
      option.utilisation ? share(option.utilisation) : '-',
      figure(option.p95Ms),
      figure(option.usdPerMonth),
      figure(option.usdPerMillionDocuments),
      figure(option.memoryHeadroomMib),
    ]),
  );
  return `${text}${more(options.length, most)}`;
}

function failing(options: readonly HostingOption[], most: number): string {
  const text = table(
    [{ heading: 'hosting' }, right('p95 ms'), right('USD/month'), { heading: 'why' }],
    options
      .slice(0, most)
      .map(({ label, p95Ms, usdPerMonth, reasons }) => [
        label,
        figure(p95Ms),
        figure(usdPerMonth),
        reasons.length > 1 ? `${reasons[0]} (and ${reasons.length - 1} more)` : reasons[0]!,
      ]),
  );
  return `${text}${more(options.length, most)}`;
}

function services({ services: sold }: Comparison): string {
  return table(
    [{ heading: 'API' }, right('USD/month'), right('USD/M documents')],
    sold.map(({ label, usdPerMonth, usdPerMillionDocuments }) => [
      label,
      figure(usdPerMonth),
      figure(usdPerMillionDocuments),
    ]),
  );
}

function memoryBilled({ memoryBilled: rows }: Comparison): string {
  return table(
    [
      { heading: 'model' },
      right('needs MiB'),
      right('billed MB'),
      right('USD/s'),
      right('saved by memory'),
      right('s a query'),
      right('USD/M documents'),
      right('saved'),
    ],
    rows.map((row) => [
      row.model,
      figure(row.neededMib),
      row.memoryMb === null ? 'none' : String(row.memoryMb),
      figure(row.usdPerSecond),
      share(row.memorySavedAgainstBase),
      figure(row.secondsPerQuery),
      figure(row.usdPerMillionDocuments),
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

/** `12.3e [9.1 - 20]`; `unknown` where there is none. */
function figure(value: Figure | null): string {
  if (!value) return 'unknown';
  const { low = value.value, high, basis } = value;
  const interval =
    intervalOf(value, count) === ''
      ? ''
      : ` [${count(low)} - ${high === undefined ? 'no end' : count(high)}]`;
  return `${count(value.value)}${basis[0]!}${interval}`;
}

function share(value: Figure | null): string {
  return value ? `${(100 * value.value).toFixed(0)} %${value.basis[0]!}` : 'unknown';
}
