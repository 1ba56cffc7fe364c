import { VARIANTS } from '../models/registry';
import type { EvaluationResult, SystemResult } from './evaluate';
import type { Metrics } from './metrics';

/** Column titles, in order; `k` is the rank they stop at. */
const COLUMNS: readonly (readonly [keyof Metrics, (k: number) => string])[] = [
  ['ndcg', (k) => `NDCG@${k}`],
  ['map', () => 'MAP'],
  ['mrr', (k) => `MRR@${k}`],
  ['recall', (k) => `Recall@${k}`],
  ['precision', (k) => `P@${k}`],
  ['hitRate', (k) => `Hit@${k}`],
];

/** A figure of another source, for comparison only. */
export interface PublishedFigure {
  readonly name: string;
  /** Mean NDCG@10 over 17 BEIR collections, 0..1. */
  readonly beirNdcg10: number;
  readonly ragHitRate: number;
  readonly ragMrr: number;
}

/** What the model cards publish; not measured here, and on other collections than one's own. */
export function publishedFigures(): PublishedFigure[] {
  return Object.values(VARIANTS).flatMap(({ title, published }) =>
    published
      ? [
          {
            name: title,
            beirNdcg10: published.beirNdcg10 / 100,
            ragHitRate: published.ragHitRate,
            ragMrr: published.ragMrr,
          },
        ]
      : [],
  );
}

/** Rows of the report as text: measured systems first, in the order they ran. */
export function reportRows(result: EvaluationResult): { header: string[]; rows: string[][] } {
  const titles = COLUMNS.map(([, title]) => title(result.cutoff));
  const header = ['', ...titles, `NDCG@${result.cutoff} ± first stage (95 %)`, 'ms/query'];
  return { header, rows: result.systems.map(row) };
}

function row(system: SystemResult): string[] {
  const { difference: d } = system;
  return [
    system.name,
    ...COLUMNS.map(([key]) => system.metrics[key].toFixed(4)),
    d ? `${signed(d.mean)} [${signed(d.low)}, ${signed(d.high)}]` : '',
    system.millisecondsPerQuery === undefined ? '' : system.millisecondsPerQuery.toFixed(1),
  ];
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

/** What was measured, in a line. */
export function reportTitle(result: EvaluationResult): string {
  const lost = result.queriesWithoutHits;
  return (
    `${result.collection}: ${result.queries} queries, ${result.documents} documents; top ${result.depth} reranked; ` +
    `fusion weight ${result.fusionWeight}${lost > 0 ? `; ${lost} queries without hits count as 0` : ''}`
  );
}

/** The report as a table for a terminal. */
export function formatTable(result: EvaluationResult): string {
  const { header, rows } = reportRows(result);
  const published = publishedFigures().map(
    ({ name, beirNdcg10, ragHitRate, ragMrr }) =>
      [name, beirNdcg10.toFixed(4), ragHitRate.toFixed(4), ragMrr.toFixed(4)] as string[],
  );
  return [
    reportTitle(result),
    '',
    'Measured here',
    ...align([header, ...rows]),
    '',
    'Published by the model cards (other collections; not measured here)',
    ...align([['', 'BEIR NDCG@10, 17 sets', 'RAG hit rate', 'RAG MRR'], ...published]),
    '',
  ].join('\n');
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

/** The report as plain data, for `--json`; per-query values included, runs left out. */
export function reportJson(result: EvaluationResult): object {
  return {
    collection: result.collection,
    queries: result.queries,
    documents: result.documents,
    queries_without_hits: result.queriesWithoutHits,
    depth: result.depth,
    cutoff: result.cutoff,
    fusion_weight: result.fusionWeight,
    measured: result.systems.map((system) => ({
      name: system.name,
      kind: system.kind,
      metrics: named(system.metrics, result.cutoff),
      difference_ndcg: system.difference,
      milliseconds_per_query: system.millisecondsPerQuery,
      per_query: Object.fromEntries(
        [...system.perQuery].map(([id, metrics]) => [id, named(metrics, result.cutoff)]),
      ),
    })),
    published: publishedFigures(),
  };
}

const named = (metrics: Metrics, k: number): Record<string, number> =>
  Object.fromEntries(COLUMNS.map(([key, title]) => [title(k), metrics[key]]));
