import {
  type EvaluationResult,
  PUBLISHED,
  PUBLISHED_SOURCE,
  type Table,
  measuredTable,
  publishedTable,
  reportFacts,
  summarize,
  summaryTable,
  topKTable,
  verdicts,
} from '@sagemaker-reranker/evaluation';
import { right, table } from './terminal/table.js';
import { terminalWidth, wrapped } from './terminal/text.js';

/** Evaluations for the terminal: each, and of several what they have in common. */
export function evaluationText(results: readonly EvaluationResult[], width = terminalWidth()): string {
  const draw = ({ header: [first = '', ...figures], rows }: Table): string =>
    table([{ heading: first }, ...figures.map(right)], rows, width);
  const parts = results.flatMap((result) => {
    const byTopK = topKTable(result);
    const measured = measuredTable(result);
    // The intervals are wide: with them beside the figures neither would fit into 80 columns.
    const differences = columnsOf(measured, isDifference);
    return [
      factsText(result, width),
      `Measured here\n${draw(columnsOf(measured, (heading) => !isDifference(heading)))}`,
      ...(differences.rows.length > 0 ? [draw(differences), verdicts(result).join('\n')] : []),
      ...(byTopK ? [draw(byTopK)] : []),
    ];
  });
  const published =
    results.length === 1
      ? [`${PUBLISHED}\n${draw(publishedTable())}`]
      : [
          `All of them, beside what is published (${PUBLISHED_SOURCE}) of other collections`,
          ...summarize(results).map((summary) => draw(summaryTable(summary))),
        ];
  return wrapped([...parts, ...published].join('\n\n'), width);
}

const isDifference = (heading: string): boolean => heading.includes(' minus ');

/** The names of a table and some of its columns, without rows that have nothing there. */
function columnsOf({ header, rows }: Table, of: (heading: string) => boolean): Table {
  const pick = (cells: readonly string[]): string[] => cells.filter((_, i) => i === 0 || of(header[i]!));
  return {
    header: pick(header),
    rows: rows.map(pick).filter(([, ...cells]) => cells.some((cell) => cell !== '')),
  };
}

function factsText(result: EvaluationResult, width: number | undefined): string {
  const facts = reportFacts(result);
  const indent = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts
    .map(([name, fact]) => {
      const lines = wrapped(fact, width === undefined ? undefined : width - indent);
      return `${name.padEnd(indent)}${lines.replaceAll('\n', `\n${' '.repeat(indent)}`)}`;
    })
    .join('\n');
}
