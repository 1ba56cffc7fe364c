import { type ModelFigures, VARIANTS } from '@sagemaker-reranker/models';
import type { Comparison, Figure, HostingOption } from '../types.js';
import { count, duration, percent, usd } from './format.js';
import { alike, headline, intervalOf, noHeadline, questionCommand, questionText } from './rows.js';

const MOST_ROWS = 5;

/** Comparisons as Markdown for a ticket: question, answer, the first rows, what is missing, and the command. */
export function comparisonMarkdown(comparisons: readonly Comparison[]): string {
  const parts = comparisons.map((comparison) => {
    const { question, options, gaps } = comparison;
    const found = headline(comparison);
    const rows = alike(options.filter(({ meetsTarget }) => meetsTarget)).slice(0, MOST_ROWS);
    return [
      `### What hosting ${question.model.name} costs`,
      questionText(question),
      found
        ? `**${capital(found.words)}: ${found.option.label}**, ${withInterval(found.option.usdPerMonth, usd)} a month, p95 ${withInterval(found.option.p95Ms, duration)}.${quality(question.model)}`
        : noHeadline(comparison),
      markdownTable(
        ['option', 'instances', 'used', 'p95', 'USD a month'],
        rows.map((option) => [
          option.label + standIn(option, question.region),
          withInterval(option.instances, count),
          option.utilisation ? percent(option.utilisation.value) : '',
          withInterval(option.p95Ms, duration),
          withInterval(option.usdPerMonth, usd),
        ]),
      ),
      ...gaps.map((gap) => `- Missing: ${gap}`),
    ].join('\n\n');
  });
  const command = questionCommand(comparisons.map(({ question }) => question));
  return `${[...parts, `\`\`\`sh\n${command}\n\`\`\``].join('\n\n')}\n`;
}

/** ` (price of us-east-1)` where the price is another region's. */
export function standIn({ priceRegion }: HostingOption, region: string): string {
  return priceRegion === null || priceRegion === region ? '' : ` (price of ${priceRegion})`;
}

/** ` Quality: ...`, where its publisher says. */
export function quality({ variant }: ModelFigures): string {
  const published = variant && VARIANTS[variant].published;
  return published ? ` Published quality: NDCG@10 ${published.beirNdcg10} over BEIR.` : '';
}

function withInterval(figure: Figure | null, format: (value: number) => string): string {
  if (!figure) return 'not known';
  const interval = intervalOf(figure, format);
  return `${format(figure.value)}${interval === '' ? '' : ` (${interval})`}`;
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
