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
