import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pairedBootstrap, type Interval } from './bootstrap.js';
import type { Collection, EvaluationDocument } from './collection.js';
import { EvaluationError } from './errors.js';
import type { FirstStage } from './first-stage.js';
import { checkWeight, fuse } from './fusion.js';
import type { Fault } from './lines.js';
import { findWeights, type FoundWeights } from './weight-search.js';
import { RememberedReranker } from './remembered-reranker.js';
import {
  CUTOFF,
  measure,
  rank,
  type Measured,
  type Metrics,
  type Run,
  type ScoredDocument,
} from './metrics.js';

/** Anything that scores documents for a query: a model directory, a container, an endpoint. */
export interface Reranker {
  readonly name: string;
  /** Tells one reranker from another of the same name, where answers are kept: a digest of a model's files. */
  readonly identity?: string;
  /** The published variant that it is. */
  readonly variant?: string;
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
  /** Directory in which every answer of a reranker is kept, and taken from when the evaluation is begun again. */
  readonly answers?: string;
}

/** One line of the report. */
export interface SystemResult {
  readonly name: string;
  readonly kind: 'first-stage' | 'reranked' | 'fused';
  /** The published variant that reranked. */
  readonly variant?: string;
  readonly metrics: Metrics;
  /** This system minus the first stage, with its 95 % interval, of the metrics compared; empty on the first stage. */
  readonly differences: Readonly<Partial<Record<keyof Metrics, Interval>>>;
  /** Wall-clock time of a query's documents, at the mean over all that were asked for; only where a reranker ran. */
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
 * Measures first stages, each reranker over their top documents, and the fusion of both. Rerankers run one after the other: an
 * async generator may start each as it is asked for, and stop it when the next is. Each is asked once for a query and a
 * document, whichever stages find it.
 * @returns a result for each first stage
 * @throws EvaluationError `run_invalid` when a first stage names documents the collection lacks;
 * `rerank_invalid` when a reranker returns another number of scores, or one that is no number; `output_failed`.
 */
export async function evaluate(
  collection: Collection,
  firstStages: readonly FirstStage[],
  rerankers: Iterable<Reranker> | AsyncIterable<Reranker>,
  options: EvaluateOptions = {},
): Promise<EvaluationResult[]> {
  const measures = firstStages.map((stage) => new StageMeasure(collection, stage, options));
  const answers = options.answers ?? (await mkdtemp(path.join(tmpdir(), 'reranker-answers-')));
  try {
    for await (const reranker of rerankers) {
      const remembered = await RememberedReranker.open(reranker, collection, answers);
      try {
        for (const measure of measures) await measure.add(reranker, remembered);
      } finally {
        await remembered.close();
      }
    }
  } finally {
    if (options.answers === undefined) await rm(answers, { recursive: true, force: true });
  }
  return measures.map((measure) => measure.result());
}

const DEFAULTS = { topK: 100, cutoff: CUTOFF, fusionWeight: 0.5, concurrency: 4, compare: ['ndcg'] } as const;

/** What is measured of one first stage. */
class StageMeasure {
  readonly #collection: Collection;
  readonly #stage: FirstStage;
  readonly #options: EvaluateOptions & Required<Pick<EvaluateOptions, keyof typeof DEFAULTS>>;
  readonly #candidates: Candidates;
  readonly #baseline: Measured;
  readonly #depths: readonly number[];
  readonly #systems: SystemResult[];

  constructor(collection: Collection, stage: FirstStage, options: EvaluateOptions) {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.#options = { ...DEFAULTS, ...given };
    const { topK, cutoff, concurrency, fusionWeight } = this.#options;
    for (const [name, value] of Object.entries({ topK, cutoff, concurrency })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new EvaluationError('option_invalid', `${name} must be an integer of at least 1, not ${value}`);
      }
    }
    if (fusionWeight !== 'auto') checkWeight(fusionWeight);
    this.#collection = collection;
    this.#stage = stage;
    this.#candidates = takeCandidates(collection, stage.run, topK);
    this.#baseline = measure(stage.run, collection.qrels, cutoff);
    const longest = Math.max(...[...this.#candidates.values()].map((list) => list.length), 0);
    this.#depths = DEPTHS.filter((depth) => depth < Math.min(topK, longest)).concat(topK);
    this.#systems = [
      {
        name: stage.name,
        kind: 'first-stage',
        metrics: this.#baseline.mean,
        differences: {},
        perQuery: this.#baseline.perQuery,
        byTopK: [],
        run: stage.run,
      },
    ];
  }

  async add({ variant }: Reranker, reranker: RememberedReranker): Promise<void> {
    const { fusionWeight, topK, compare, cutoff, seed } = this.#options;
    const stage = this.#stage;
    const { qrels } = this.#collection;
    const candidates = this.#candidates;
    const scored = await rerankAll(reranker, this.#collection, candidates, this.#options);
    const pairs = [...candidates.values()].reduce((sum, list) => sum + list.length, 0);
    const perQuery = pairs / Math.max(1, candidates.size);
    const top = new Map([...candidates].map(([id, list]) => [id, list.map(({ scored: first }) => first)]));
    const whole = (head: Run): Run => withTail(head, stage.run);
    const found =
      fusionWeight === 'auto'
        ? findWeights({ top, scored, qrels, metric: compare[0]!, cutoff, whole, seed })
        : undefined;
    const weight = fusionWeight === 'auto' ? found!.weights.all : fusionWeight;
    const fusedAt = (depth: number): Run => whole(fuse(firstOf(top, depth), firstOf(scored, depth), weight));
    this.#systems.push(
      {
        ...this.#system(reranker.name, 'reranked', whole(scored), (depth) => whole(firstOf(scored, depth))),
        variant,
        millisecondsPerQuery: reranker.millisecondsPerDocument * perQuery,
      },
      {
        ...this.#system(`${stage.name} + ${reranker.name}`, 'fused', found?.run ?? fusedAt(topK), fusedAt),
        variant,
        weights: found?.weights,
      },
    );
  }

  /** @param at the run that reranks the first documents of each query only */
  #system(name: string, kind: SystemResult['kind'], run: Run, at: (depth: number) => Run): SystemResult {
    const { topK, compare, cutoff, seed } = this.#options;
    const { qrels } = this.#collection;
    const { mean, perQuery } = measure(run, qrels, cutoff);
    const values = (of: ReadonlyMap<string, Metrics>, metric: keyof Metrics): number[] =>
      [...of.values()].map((metrics) => metrics[metric]);
    const differences = Object.fromEntries(
      compare.map((metric) => [
        metric,
        pairedBootstrap(values(this.#baseline.perQuery, metric), values(perQuery, metric), { seed }),
      ]),
    );
    const byTopK = this.#depths.map((depth) => ({
      topK: depth,
      value: measure(depth === topK ? run : at(depth), qrels, cutoff).mean[compare[0]!],
    }));
    return { name, kind, metrics: mean, perQuery, run, differences, byTopK };
  }

  result(): EvaluationResult {
    const { topK, cutoff, fusionWeight, concurrency, compare } = this.#options;
    const collection = this.#collection;
    const stage = this.#stage;
    return {
      collection: collection.name,
      queries: collection.qrels.size,
      documents: collection.documents.size,
      queriesWithoutHits: collection.qrels.size - this.#candidates.size,
      firstStage: [stage.name, stage.description].filter(Boolean).join(': '),
      topK,
      cutoff,
      fusionWeight,
      concurrency,
      compare,
      faults: [...collection.faults, ...(stage.faults ?? [])],
      systems: this.#systems,
    };
  }
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
  { signal, onProgress, concurrency }: EvaluateOptions & Required<Pick<EvaluateOptions, 'concurrency'>>,
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
