import { Random } from '@sagemaker-reranker/models';
import { fuse } from './fusion.js';
import { measure, type Metrics, type Qrels, type Run } from './metrics.js';

/** Weights of a reranker in its fusion that were found on judged queries. */
export interface FoundWeights {
  /** Found on one half of the queries each, and used for the other: no query is judged by a weight that it helped to find. */
  readonly halves: readonly [number, number];
  /** Found on all queries: the one to use. */
  readonly all: number;
}

interface Search {
  /** Scores of the first stage for the documents that were reranked. */
  readonly top: Run;
  readonly scored: Run;
  readonly qrels: Qrels;
  readonly metric: keyof Metrics;
  readonly cutoff: number;
  /** Places the rest of the first stage below. */
  readonly whole: (top: Run) => Run;
  readonly seed?: number;
}

const STEPS = 20;

/**
 * The weights from 0 to 1 in steps of 0.05 with the best mean of a metric, of equals the one nearest to 0.5, and the fused run
 * in which each half of the queries has the weight of the other half (two-fold cross-fitting, halves drawn by the seed).
 */
export function findWeights(search: Search): { readonly weights: FoundWeights; readonly run: Run } {
  const { top, scored, qrels, metric, cutoff, whole, seed = 1 } = search;
  const random = new Random(seed);
  const shuffled = [...qrels.keys()]
    .map((id) => ({ id, at: random.below(2 ** 31) }))
    .sort((a, b) => a.at - b.at);
  const first = new Set(shuffled.slice(0, Math.ceil(shuffled.length / 2)).map(({ id }) => id));
  const trials = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS)
    .sort((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5))
    .map((weight) => {
      const run = whole(fuse(top, scored, weight));
      const values = [...measure(run, qrels, cutoff).perQuery].map(([id, of]) => ({ id, value: of[metric] }));
      const sum = (of: (id: string) => boolean): number =>
        values.reduce((total, { id, value }) => (of(id) ? total + value : total), 0);
      return {
        weight,
        run,
        first: sum((id) => first.has(id)),
        second: sum((id) => !first.has(id)),
        all: sum(() => true),
      };
    });
  const best = (part: 'first' | 'second' | 'all'): (typeof trials)[number] =>
    trials.reduce((a, b) => (b[part] > a[part] ? b : a));
  const [ofFirst, ofSecond] = [best('first'), best('second')];
  const run = new Map(
    [...ofFirst.run].map(([id, list]) => [id, first.has(id) ? (ofSecond.run.get(id) ?? []) : list]),
  );
  return { weights: { halves: [ofFirst.weight, ofSecond.weight], all: best('all').weight }, run };
}
