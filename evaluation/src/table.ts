import type { Metrics } from './metrics.js';

/** Name of each metric in a report; `k` is the rank it stops at. */
export const TITLES: Readonly<Record<keyof Metrics, (k: number) => string>> = {
  ndcg: (k) => `NDCG@${k}`,
  map: () => 'MAP',
  mrr: (k) => `MRR@${k}`,
  recall: (k) => `Recall@${k}`,
  precision: (k) => `P@${k}`,
  hitRate: (k) => `Hit@${k}`,
};

export function metricTitle(metric: keyof Metrics, cutoff: number): string {
  return TITLES[metric](cutoff);
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lines of a table whose columns stand below each other: the first to the left, figures to the right. */
export function align(table: Table | undefined): string[] {
  if (!table) return [];
  const { header, rows } = table;
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}
