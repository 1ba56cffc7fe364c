import { pairedBootstrap, type Interval } from './bootstrap.js';
import type { Collection, EvaluationDocument } from './collection.js';
import { EvaluationError } from './errors.js';
import type { FirstStage } from './first-stage.js';
import { checkWeight, fuse } from './fusion.js';
import type { Fault } from './lines.js';
import { findWeights, type FoundWeights } from './weight-search.js';
import { CUTOFF, measure, rank, type Metrics, type Run, type ScoredDocument } from './metrics.js';

/** Anything that scores documents for a query: a model directory, a container, an endpoint. */
export interface Reranker {
  readonly name: string;
  /** One score a document, in the order given; higher is better, any scale. */
  rerank(
    query: string,
    documents: readonly EvaluationDocument[],
    signal?: AbortSignal,
  ): Promise<readonly number[]>;
}

export interface EvaluateOptions {
  /** First-stage documents a query that are reranked; the rest keep their order below them. Default 100. */
  readonly topK?: number;
  /** Rank at which NDCG, MRR, recall, precision and hit rate stop. Default 10. */
  readonly cutoff?: number;
  /** Weight of the reranker in its fusion with the first stage, 0..1, or `auto`; see {@link findWeights}. Default 0.5. */
  readonly fusionWeight?: number | 'auto';
  /** Metrics whose difference to the first stage gets an interval. Default NDCG. */
  readonly compare?: readonly (keyof Metrics)[];
  /** Queries in flight at once. Default 4: the engine has the next ones while one travels, and packs them together. */
  readonly concurrency?: number;
  /** Seed of the intervals' resampling. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (reranker: string, done: number, total: number) => void;
}

/** One line of the report. */
export interface SystemResult {
  readonly name: string;
  readonly kind: 'first-stage' | 'reranked' | 'fused';
  readonly metrics: Metrics;
  /** This system minus the first stage, with its 95 % interval, of the metrics compared; empty on the first stage. */
  readonly differences: Readonly<Partial<Record<keyof Metrics, Interval>>>;
  /** Wall-clock time of all queries over their number; only where a reranker ran. */
  readonly millisecondsPerQuery?: number;
  readonly perQuery: ReadonlyMap<string, Metrics>;
  readonly run: Run;
  /** Of a fusion whose weight was looked for. */
  readonly weights?: FoundWeights;
  /** The first metric compared, had fewer documents been reranked; empty on the first stage. */
  readonly byTopK: readonly { readonly topK: number; readonly value: number }[];
}

export interface EvaluationResult {
  readonly collection: string;
  readonly queries: number;
  readonly documents: number;
  /** Judged queries for which the first stage found nothing; they count as 0. */
  readonly queriesWithoutHits: number;
  /** How the first stage ranks. */
  readonly firstStage: string;
  readonly topK: number;
  readonly cutoff: number;
  readonly fusionWeight: number | 'auto';
  readonly concurrency: number;
  readonly compare: readonly (keyof Metrics)[];
  /** What was left out of the collection and the run. */
  readonly faults: readonly Fault[];
  readonly systems: readonly SystemResult[];
}

/**
 * Measures a first stage, each reranker over its top documents, and the fusion of both. Rerankers run one after the
 * other: an async generator may start each as it is asked for, and stop it when the next is.
 * @throws EvaluationError `run_invalid` when the first stage names documents the collection lacks;
 * `rerank_invalid` when a reranker returns another number of scores, or one that is no number.
 */
export async function evaluate(
  collection: Collection,
  firstStage: FirstStage,
  rerankers: Iterable<Reranker> | AsyncIterable<Reranker>,
  options: EvaluateOptions = {},
): Promise<EvaluationResult> {
  const {
    topK = 100,
    cutoff = CUTOFF,
    fusionWeight = 0.5,
    concurrency = 4,
    compare = ['ndcg'] as const,
  } = options;
  for (const [name, value] of Object.entries({ topK, cutoff, concurrency })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new EvaluationError('option_invalid', `${name} must be an integer of at least 1, not ${value}`);
    }
  }
  if (fusionWeight !== 'auto') checkWeight(fusionWeight);
  const candidates = takeCandidates(collection, firstStage.run, topK);
  const baseline = measure(firstStage.run, collection.qrels, cutoff);
  const longest = Math.max(...[...candidates.values()].map((list) => list.length), 0);
  const depths = DEPTHS.filter((depth) => depth < Math.min(topK, longest)).concat(topK);
  /** @param at the run that reranks the first documents of each query only */
  const system = (
    name: string,
    kind: SystemResult['kind'],
    run: Run,
    at: (depth: number) => Run,
  ): SystemResult => {
    const { mean, perQuery } = measure(run, collection.qrels, cutoff);
    const values = (of: ReadonlyMap<string, Metrics>, metric: keyof Metrics): number[] =>
      [...of.values()].map((metrics) => metrics[metric]);
    const differences = Object.fromEntries(
      compare.map((metric) => [
        metric,
        pairedBootstrap(values(baseline.perQuery, metric), values(perQuery, metric), { seed: options.seed }),
      ]),
    );
    const byTopK = depths.map((depth) => ({
      topK: depth,
      value: measure(depth === topK ? run : at(depth), collection.qrels, cutoff).mean[compare[0]!],
    }));
    return { name, kind, metrics: mean, perQuery, run, differences, byTopK };
  };
  const systems: SystemResult[] = [
    {
      name: firstStage.name,
      kind: 'first-stage',
      metrics: baseline.mean,
      differences: {},
      perQuery: baseline.perQuery,
      byTopK: [],
      run: firstStage.run,
    },
  ];
  for await (const reranker of rerankers) {
    const start = performance.now();
    const scored = await rerankAll(reranker, collection, candidates, concurrency, options);
    const millisecondsPerQuery = (performance.now() - start) / Math.max(1, candidates.size);
    const top = new Map([...candidates].map(([id, list]) => [id, list.map(({ scored: first }) => first)]));
    const whole = (head: Run): Run => withTail(head, firstStage.run);
    const found =
      fusionWeight === 'auto'
        ? findWeights({
            top,
            scored,
            qrels: collection.qrels,
            metric: compare[0]!,
            cutoff,
            whole,
            seed: options.seed,
          })
        : undefined;
    const weight = fusionWeight === 'auto' ? found!.weights.all : fusionWeight;
    const fusedAt = (depth: number): Run => whole(fuse(firstOf(top, depth), firstOf(scored, depth), weight));
    systems.push(
      {
        ...system(reranker.name, 'reranked', whole(scored), (depth) => whole(firstOf(scored, depth))),
        millisecondsPerQuery,
      },
      {
        ...system(`${firstStage.name} + ${reranker.name}`, 'fused', found?.run ?? fusedAt(topK), fusedAt),
        weights: found?.weights,
      },
    );
  }
  return {
    collection: collection.name,
    queries: collection.qrels.size,
    documents: collection.documents.size,
    queriesWithoutHits: collection.qrels.size - candidates.size,
    firstStage: [firstStage.name, firstStage.description].filter(Boolean).join(': '),
    topK,
    cutoff,
    fusionWeight,
    concurrency,
    compare,
    faults: [...collection.faults, ...(firstStage.faults ?? [])],
    systems,
  };
}

/** Numbers of reranked documents that are compared, besides the one asked for. */
const DEPTHS = [5, 10, 20, 50, 100, 200, 500];

/** The first documents of each query in the order of the first stage, which both runs keep. */
function firstOf(run: Run, depth: number): Run {
  return new Map([...run].map(([query, documents]) => [query, documents.slice(0, depth)]));
}

interface Candidate {
  readonly document: EvaluationDocument;
  readonly scored: ScoredDocument;
}
type Candidates = ReadonlyMap<string, readonly Candidate[]>;

/** The first documents of each judged query that has any, in rank order. */
function takeCandidates(collection: Collection, run: Run, topK: number): Candidates {
  const candidates = new Map<string, Candidate[]>();
  for (const query of collection.queries.keys()) {
    const scores = new Map((run.get(query) ?? []).map((scored) => [scored.id, scored]));
    const top = rank([...scores.values()]).slice(0, topK);
    const list = top.map((id) => {
      const document = collection.documents.get(id);
      if (document) return { document, scored: scores.get(id)! };
      throw new EvaluationError(
        'run_invalid',
        `the first stage returns document "${id}" for query "${query}", which ${collection.name} does not hold`,
        { query, document: id },
      );
    });
    if (list.length > 0) candidates.set(query, list);
  }
  return candidates;
}

async function rerankAll(
  reranker: Reranker,
  collection: Collection,
  candidates: Candidates,
  concurrency: number,
  { signal, onProgress }: EvaluateOptions,
): Promise<Run> {
  const run = new Map<string, ScoredDocument[]>();
  const waiting = [...candidates];
  // Results keep the order of the queries, whichever comes first.
  for (const [query] of waiting) run.set(query, []);
  // One failure ends the others too: nobody would use what they still bring.
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < waiting.length) {
      stop.throwIfAborted();
      const [query, list] = waiting[next++]!;
      const documents = list.map(({ document }) => document);
      const scores = await reranker.rerank(collection.queries.get(query)!, documents, stop);
      checkScores(reranker.name, query, documents.length, scores);
      run.set(
        query,
        documents.map(({ id }, i) => ({ id, score: scores[i]! })),
      );
      onProgress?.(reranker.name, ++done, waiting.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return run;
}

function checkScores(name: string, query: string, expected: number, scores: readonly number[]): void {
  const fault =
    scores.length === expected
      ? scores.findIndex((score) => !Number.isFinite(score))
      : Math.min(scores.length, expected);
  if (fault < 0) return;
  const reason =
    scores.length === expected
      ? `score ${fault} is ${scores[fault]}`
      : `${scores.length} scores for ${expected} documents`;
  throw new EvaluationError('rerank_invalid', `${name}, query "${query}": ${reason}`, { query });
}

/** A reranked top with the first stage's other documents below it, in their order, so that MAP sees all of them. */
function withTail(top: Run, firstStage: Run): Run {
  return new Map(
    [...firstStage].map(([query, documents]) => {
      const head = top.get(query) ?? [];
      const inHead = new Set(head.map(({ id }) => id));
      const lowest = head.reduce((least, { score }) => Math.min(least, score), 0);
      const tail = rank(documents.filter(({ id }) => !inHead.has(id)));
      return [query, [...head, ...tail.map((id, i) => ({ id, score: lowest - 1 - i }))]];
    }),
  );
}
