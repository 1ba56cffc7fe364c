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

/** What each metric tells, for a reader who has not met it. */
export const MEANINGS: Readonly<Record<keyof Metrics, (k: number) => string>> = {
  ndcg: (k) =>
    `How good the first ${k} places are, from 0 to 1. A relevant document counts more the higher it stands.`,
  map: () =>
    'At each relevant document, the share of relevant ones down to it. The mean over these and the queries.',
  mrr: (k) => `1 / place of the first relevant document, 0 below place ${k}. The mean over the queries.`,
  recall: (k) => `Share of the relevant documents that stand among the first ${k}.`,
  precision: (k) => `Share of the first ${k} documents that are relevant.`,
  hitRate: (k) => `Share of the queries with a relevant document among the first ${k}.`,
};

export function metricTitle(metric: keyof Metrics, cutoff: number): string {
  return TITLES[metric](cutoff);
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
