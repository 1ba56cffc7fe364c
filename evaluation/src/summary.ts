import type { EvaluationResult, SystemResult } from './evaluate.js';
import type { Metrics } from './metrics.js';
import { type PublishedFigure, publishedFigures } from './published.js';
import { type Table, metricTitle } from './table.js';

/** One metric of several evaluations, as the announcement prints it: a line a reranker, a column a collection and first stage. */
export interface Summary {
  readonly metric: string;
  /** What the published column holds; undefined where nothing is published of this metric. */
  readonly published: string | undefined;
  readonly columns: readonly string[];
  readonly rows: readonly SummaryRow[];
}

export interface SummaryRow {
  readonly name: string;
  /** A figure for each column; none where a model is only published. */
  readonly values: readonly (number | undefined)[];
  /** Of all columns. */
  readonly mean: number | undefined;
  readonly published: number | undefined;
}

const PUBLISHED: Readonly<
  Partial<Record<keyof Metrics, { readonly title: string; readonly of: keyof PublishedFigure }>>
> = {
  ndcg: { title: 'published: BEIR NDCG@10, mean of 17', of: 'beirNdcg10' },
  hitRate: { title: 'published: RAG hit rate', of: 'ragHitRate' },
  mrr: { title: 'published: RAG MRR', of: 'ragMrr' },
};

/** The metrics that were compared, each as a table over all evaluations. */
export function summarize(results: readonly EvaluationResult[]): Summary[] {
  const { compare, cutoff } = results[0]!;
  const stages = new Set(results.map(({ systems }) => systems[0]!.name));
  const collections = new Set(results.map(({ collection }) => collection));
  const columns = results.map(({ collection, systems }) =>
    stages.size === 1
      ? collection
      : collections.size === 1
        ? systems[0]!.name
        : `${collection}, ${systems[0]!.name}`,
  );
  return compare.map((metric) => {
    const published = PUBLISHED[metric];
    const figures = publishedFigures().filter((figure) => published && figure[published.of] !== undefined);
    const figureOf = (variant: string | undefined): number | undefined => {
      const figure = figures.find((one) => one.variant === variant);
      return published && (figure?.[published.of] as number | undefined);
    };
    const line = (name: string, pick: (result: EvaluationResult) => SystemResult | undefined): SummaryRow => {
      const systems = results.map(pick);
      const values = systems.map((system) => system?.metrics[metric]);
      const known = values.filter((value) => value !== undefined);
      return {
        name,
        values,
        mean: known.length === values.length ? known.reduce((a, b) => a + b, 0) / known.length : undefined,
        published: figureOf(systems[0]?.variant),
      };
    };
    const rerankers = results[0]!.systems.filter(({ kind }) => kind === 'reranked');
    const measured = new Set(rerankers.map(({ variant }) => variant));
    return {
      metric: metricTitle(metric, cutoff),
      published: published?.title,
      columns,
      rows: [
        line('first stage alone', ({ systems }) => systems[0]),
        ...rerankers.flatMap(({ name }, i) => [
          line(name, ({ systems }) => systems[1 + 2 * i]),
          { ...line(`${name}, fused`, ({ systems }) => systems[2 + 2 * i]), published: undefined },
        ]),
        ...figures
          .filter(({ variant }) => !measured.has(variant))
          .map(({ name, variant }) => ({
            name,
            values: columns.map(() => undefined),
            mean: undefined,
            published: figureOf(variant),
          })),
      ],
    };
  });
}

export function summaryTable({ metric, published, columns, rows }: Summary): Table {
  const cell = (value: number | undefined): string => value?.toFixed(4) ?? '';
  return {
    header: [metric, ...columns, ...(columns.length > 1 ? ['mean'] : []), ...(published ? [published] : [])],
    rows: rows.map((row) => [
      row.name,
      ...row.values.map(cell),
      ...(columns.length > 1 ? [cell(row.mean)] : []),
      ...(published ? [cell(row.published)] : []),
    ]),
  };
}
