import type { Interval } from './bootstrap.js';
import type { EvaluationResult, SystemResult } from './evaluate.js';
import { describeFaults } from './lines.js';
import type { Metrics } from './metrics.js';
import { PUBLISHED_SOURCE, publishedFigures } from './published.js';
import { summarize } from './summary.js';
import { MEANINGS, type Table, TITLES, metricTitle } from './table.js';

export const PUBLISHED = `Published, not measured here, and on other collections (${PUBLISHED_SOURCE})`;

/** The metrics in the order a report shows them: those that are compared first. */
function metricsOf({ compare }: EvaluationResult): (keyof Metrics)[] {
  return [...new Set([...compare, ...(Object.keys(TITLES) as (keyof Metrics)[])])];
}

/** The measured systems in the order they ran. */
export function measuredTable(result: EvaluationResult): Table {
  const { compare, cutoff, systems } = result;
  const metrics = metricsOf(result);
  const first = systems[0]!.name;
  return {
    header: [
      '',
      ...metrics.map((metric) => metricTitle(metric, cutoff)),
      ...compare.map((metric) => `${metricTitle(metric, cutoff)} minus ${first}`),
      'ms/query',
    ],
    rows: systems.map(({ name, metrics: values, differences, millisecondsPerQuery: ms }) => [
      name,
      ...metrics.map((metric) => values[metric].toFixed(4)),
      ...compare.map((metric) => describeInterval(differences[metric])),
      ms === undefined ? '' : ms.toFixed(1),
    ]),
  };
}

/** The columns of {@link measuredTable} with what each tells. */
export function meaningsOf(result: EvaluationResult): (readonly [string, string])[] {
  return [
    ...metricsOf(result).map(
      (metric) => [metricTitle(metric, result.cutoff), MEANINGS[metric](result.cutoff)] as const,
    ),
    ['ms/query', 'Milliseconds a query with several of them at once: throughput, not latency.'],
  ];
}

/** What the differences say, a sentence for each system. */
export function verdicts({ compare, cutoff, systems }: EvaluationResult): string[] {
  const first = systems[0]!.name;
  const metric = compare[0]!;
  const title = metricTitle(metric, cutoff);
  return systems.slice(1).flatMap(({ name, differences }) => {
    const interval = differences[metric];
    if (!interval) return [];
    const { mean, low, high, confidence } = interval;
    if (mean === 0) return [`${name} and ${first} have the same ${title}.`];
    const by = `${name} ranks ${mean > 0 ? 'better' : 'worse'} than ${first}: ${signed(mean)} ${title}.`;
    const chance =
      low > 0 || high < 0 ? 'leaves out 0, so that is hardly chance' : 'contains 0, so that may be chance';
    return [`${by} The ${100 * confidence} % interval ${chance}.`];
  });
}

export function publishedTable(): Table {
  return {
    header: ['', 'BEIR NDCG@10, mean of 17', 'RAG hit rate', 'RAG MRR'],
    rows: publishedFigures().map(({ name, beirNdcg10, ragHitRate, ragMrr }) => [
      name,
      ...[beirNdcg10, ragHitRate, ragMrr].map((value) => value?.toFixed(4) ?? ''),
    ]),
  };
}

function describeInterval(interval: Interval | undefined): string {
  if (!interval) return '';
  return `${signed(interval.mean)} [${signed(interval.low)}, ${signed(interval.high)}]`;
}

export const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

/** What was measured and how, each fact under its name. */
export function reportFacts(result: EvaluationResult): (readonly [string, string])[] {
  const { collection, queries, documents, queriesWithoutHits: lost, systems, faults } = result;
  const first = systems[0]!.name;
  const interval = systems.flatMap(({ differences }) => Object.values(differences))[0];
  return [
    ['Collection', `${collection}: ${queries} judged queries, ${documents} documents`],
    ['First stage', result.firstStage],
    ...(lost > 0
      ? [['No hits', `${lost} queries for which it finds nothing; they count as 0`] as const]
      : []),
    ...(interval
      ? ([
          ['Reranked', `top ${result.topK} of each query, ${result.concurrency} queries in flight`],
          ['Fusion', describeFusion(result)],
          ...systems.flatMap(({ name, weights }) =>
            weights
              ? [
                  [
                    'Weight',
                    `${name}: ${weights.halves.join(' and ')}, each found on one half of the queries and judged on the other; ${weights.all} by all of them is the one to use`,
                  ] as const,
                ]
              : [],
          ),
          [
            'In brackets',
            `${100 * interval.confidence} % interval of the difference to ${first}, paired bootstrap over the queries`,
          ],
        ] as const)
      : []),
    ...(faults.length > 0 ? [['Left out', describeFaults(faults)] as const] : []),
  ];
}

function describeFusion({ fusionWeight, systems }: EvaluationResult): string {
  const { name } = systems[0]!;
  const scope = "z-scores over a query's reranked documents";
  if (fusionWeight === 'auto') return `(1 - weight) z(${name}) + weight z(reranker), ${scope}`;
  return `${Number((1 - fusionWeight).toFixed(4))} z(${name}) + ${fusionWeight} z(reranker), ${scope}`;
}

/** What fewer reranked documents would have given; undefined where only one number was measured. */
export function topKTable(result: EvaluationResult): Table | undefined {
  const systems = result.systems.filter(({ byTopK }) => byTopK.length > 1);
  if (systems.length === 0) return undefined;
  return {
    header: [
      `${metricTitle(result.compare[0]!, result.cutoff)}, reranking the top`,
      ...systems[0]!.byTopK.map(({ topK }) => String(topK)),
    ],
    rows: systems.map(({ name, byTopK }) => [name, ...byTopK.map(({ value }) => value.toFixed(4))]),
  };
}

/** Queries on which a system is better and worse than the first stage. */
export function winsAndLosses(
  result: EvaluationResult,
  { perQuery }: SystemResult,
  metric: keyof Metrics,
): { readonly better: number; readonly worse: number } {
  const first = result.systems[0]!.perQuery;
  const changes = [...perQuery].map(([id, metrics]) => metrics[metric] - first.get(id)![metric]);
  return {
    better: changes.filter((change) => change > 0).length,
    worse: changes.filter((change) => change < 0).length,
  };
}

/** The evaluations as plain data, for `--json`; per-query values included, runs left out. */
export function reportJson(results: readonly EvaluationResult[]): object {
  return {
    evaluations: results.map(evaluationJson),
    summary: summarize(results),
    published: {
      source: PUBLISHED_SOURCE,
      figures: publishedFigures().map(({ name, beirNdcg10, ragHitRate, ragMrr }) => ({
        name,
        beir_ndcg_at_10: beirNdcg10,
        rag_hit_rate: ragHitRate,
        rag_mrr: ragMrr,
      })),
    },
  };
}

function evaluationJson(result: EvaluationResult): object {
  const { cutoff, compare, faults } = result;
  const named = (metrics: Metrics): Record<string, number> =>
    Object.fromEntries(metricsOf(result).map((metric) => [metricTitle(metric, cutoff), metrics[metric]]));
  return {
    collection: result.collection,
    queries: result.queries,
    documents: result.documents,
    queries_without_hits: result.queriesWithoutHits,
    first_stage: result.firstStage,
    top_k: result.topK,
    cutoff,
    fusion_weight: result.fusionWeight,
    concurrency: result.concurrency,
    malformed: { count: faults.length, faults: faults.slice(0, 100) },
    measured: result.systems.map((system) => ({
      name: system.name,
      kind: system.kind,
      metrics: named(system.metrics),
      differences: Object.fromEntries(
        compare.flatMap((metric) => {
          const interval = system.differences[metric];
          const counts = winsAndLosses(result, system, metric);
          return interval ? [[metricTitle(metric, cutoff), { ...interval, ...counts }]] : [];
        }),
      ),
      milliseconds_per_query: system.millisecondsPerQuery,
      weights: system.weights,
      by_top_k: system.byTopK,
      per_query: Object.fromEntries([...system.perQuery].map(([id, metrics]) => [id, named(metrics)])),
    })),
  };
}
