import path from 'node:path';
import { LoadFailure, loadFault, TextTokenizer } from '@sagemaker-reranker/inference';
import { type ModelDescription, modelFileBytes, readModelDirectory } from '@sagemaker-reranker/models';
import { RequestError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Settings } from '../settings.js';
import { Admission } from './admission.js';
import { BatchDispatcher } from './batch-dispatcher.js';
import { Job, type TokenizedRequest } from './job.js';
import { divide, logPlan, planMemory } from './memory-plan.js';
import { prepare, type Preparation } from './prepare.js';
import { warnOfSaturation } from './saturation.js';
import type { Truncation } from './truncation.js';
import { WorkerPool, type WorkerCounts } from './worker-pool.js';

/** A replacement is tried at least every five seconds. */
const OUTAGE_RETRY_SECONDS = 5;

/** What of the settings concerns the engine. */
export type EngineSettings = Pick<
  Settings,
  | 'modelDir'
  | 'workers'
  | 'threads'
  | 'divided'
  | 'arena'
  | 'spin'
  | 'bfloat16'
  | 'batchTokens'
  | 'batchMemoryBytes'
  | 'queueTokens'
  | 'deadlineMs'
  | 'batchTimeoutMs'
  | 'multiModel'
  | 'modelMemoryBytes'
>;

export interface ScoreRequest {
  /** The query, or one for each document. */
  readonly query: string | readonly string[];
  readonly documents: readonly string[];
  /** Default: cut at the right. */
  readonly truncation?: Truncation;
}

export interface ScoreOptions {
  /** Drops what is not yet scored when the caller goes away; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds until `deadline_exceeded`; the setting when absent. */
  readonly deadlineMs?: number;
  /** Called as each document has its logit, in no order. */
  readonly onScored?: (index: number, logit: number) => void;
}

/** Milliseconds of a request's stages. */
export interface Timings {
  readonly tokenize: number;
  /** Waiting for its first batch. */
  readonly queue: number;
  /** From then to its last score. */
  readonly inference: number;
  /** Of that, the model's own time, over all batches that the request was in. */
  readonly model: number;
}

export interface Scores {
  /** One logit a document, in the order of the request. */
  readonly logits: Float32Array;
  /** Tokens of each document's pair as scored: truncated, special tokens included. */
  readonly tokens: Uint32Array;
  readonly totalTokens: number;
  /** Tokens of the query and of each document alone, without special tokens, as far as they were read. */
  readonly queryTokens: number;
  readonly documentTokens: Uint32Array;
  /** Different documents; equal ones are scored once. */
  readonly scoredDocuments: number;
  readonly timings: Timings;
}

export interface Engine {
  /** What the model directory declares, its longest pair cut to what memory allows. */
  readonly manifest: ModelDescription;
  /** False when no inference process is up and none has been for ten seconds, or none can load the model. */
  readonly healthy: boolean;
  /** Process ids of the inference processes. */
  readonly pids: readonly number[];
  /** Tokens admitted and not yet scored. */
  readonly queuedTokens: number;
  readonly workers: WorkerCounts;
  /** Milliseconds the model has run since the start, over all batches and inference processes. */
  readonly modelMs: number;
  /**
   * Scores every document against the query.
   * @throws RequestError `input_too_long`, `too_many_tokens`, `overloaded`, `deadline_exceeded`, `inference_failed`,
   *   `worker_crashed`, `model_unavailable`, `draining`.
   */
  score(request: ScoreRequest, options?: ScoreOptions): Promise<Scores>;
  /** Ends the inference processes; requests still waiting fail with `draining`. */
  close(): Promise<void>;
}

/**
 * Loads a model directory and starts its inference processes.
 * @throws ModelError when the directory, its tokenizer or its ONNX file cannot be used.
 */
export async function createEngine(settings: EngineSettings, logger: Logger): Promise<Engine> {
  const declared = await readModelDirectory(settings.modelDir);
  if (declared.exported !== undefined) logger.info({ choices: declared.exported.choices }, 'exported model');
  const modelFile = path.join(settings.modelDir, declared.model);
  const modelBytes = modelFileBytes(settings.modelDir, declared);
  const { workers, threads } = divide(declared, modelBytes, settings);
  if (workers < settings.workers) {
    logger.info({ workers, threads, reason: 'memory for the longest pair' }, 'fewer inference processes');
  }
  const plan = planMemory(declared, modelBytes, { ...settings, workers });
  const { model: manifest, limit } = plan;
  logPlan(plan, declared, logger);
  warnOfSaturation(declared, logger);
  const tokenizer = TextTokenizer.of(settings.modelDir, manifest);
  let onIdle = (): void => undefined;
  let onOutage: (reason: string) => void = () => undefined;
  const pool = new WorkerPool({
    workers,
    load: {
      modelFile,
      inputs: manifest.inputs,
      output: manifest.output,
      threads,
      arena: settings.arena === 1,
      spin: settings.spin === 1,
      bfloat16: settings.bfloat16 === 1,
    },
    timeoutMs: settings.batchTimeoutMs,
    logger,
    onIdle: () => onIdle(),
    onOutage: (reason) => onOutage(reason),
  });
  try {
    await pool.start();
  } catch (error) {
    if (!(error instanceof LoadFailure)) throw error;
    throw loadFault(modelFile, error);
  }
  const admission = new Admission(settings.queueTokens);
  const { batchTokens } = settings;
  const { pad } = manifest.tokenizer;
  const dispatcher = new BatchDispatcher({ workers: pool, admission, batchTokens, limit, pad });
  const engine = new PooledEngine({ manifest, tokenizer, admission }, pool, dispatcher, settings.deadlineMs);
  onIdle = () => engine.pump();
  onOutage = (reason) => engine.failAll(reason);
  return engine;
}

class PooledEngine implements Engine {
  readonly #preparation: Preparation;
  readonly #pool: WorkerPool;
  readonly #dispatcher: BatchDispatcher;
  readonly #deadlineMs: number;
  readonly #jobs = new Set<Job>();
  #closing = false;

  constructor(preparation: Preparation, pool: WorkerPool, dispatcher: BatchDispatcher, deadlineMs: number) {
    this.#preparation = preparation;
    this.#pool = pool;
    this.#dispatcher = dispatcher;
    this.#deadlineMs = deadlineMs;
  }

  get manifest(): ModelDescription {
    return this.#preparation.manifest;
  }

  get healthy(): boolean {
    return this.#pool.healthy;
  }

  get pids(): readonly number[] {
    return this.#pool.pids;
  }

  get queuedTokens(): number {
    return this.#preparation.admission.queued;
  }

  get workers(): WorkerCounts {
    return this.#pool.counts;
  }

  get modelMs(): number {
    return this.#dispatcher.modelMs;
  }

  pump(): void {
    this.#dispatcher.pump();
  }

  async score(request: ScoreRequest, options: ScoreOptions = {}): Promise<Scores> {
    const start = performance.now();
    this.#preparation.admission.check();
    const deadlineMs = options.deadlineMs ?? this.#deadlineMs;
    const { signal, clear } = withDeadline(deadlineMs, options.signal);
    try {
      const tokens = await prepare(this.#preparation, request, signal);
      const tokenized = performance.now();
      const job = await this.#runJob(tokens, signal, options.onScored);
      const first = job.firstBatchAt ?? tokenized;
      const pairTokens = new Uint32Array(tokens.textTokens.length);
      tokens.owners.forEach((owner, passage) => (pairTokens[owner]! += tokens.lengths[passage]!));
      const perDocument = tokens.places.map((place) => pairTokens[place]!);
      return {
        logits: Float32Array.from(tokens.places, (place) => job.logits[place]!),
        tokens: perDocument,
        totalTokens: sum(perDocument),
        queryTokens: tokens.queryTokens,
        documentTokens: tokens.places.map((place) => tokens.textTokens[place]!),
        scoredDocuments: tokens.textTokens.length,
        timings: {
          tokenize: tokenized - start,
          queue: first - tokenized,
          inference: performance.now() - first,
          model: job.modelMs,
        },
      };
    } finally {
      clear();
    }
  }

  /** Fails what waits for inference processes that do not come. */
  failAll(reason: string): void {
    for (const job of this.#jobs) job.fail(lost(reason));
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const job of this.#jobs) job.fail(drained());
    await this.#pool.close();
  }

  async #runJob(
    tokens: TokenizedRequest,
    signal: AbortSignal,
    onScored: ScoreOptions['onScored'],
  ): Promise<Job> {
    if (this.#closing) throw drained();
    if (!this.#pool.healthy) throw lost('the log says why');
    signal.throwIfAborted();
    const { admission } = this.#preparation;
    admission.admit(tokens.totalTokens);
    const job = new Job(tokens, onScored && forEachIndex(tokens.places, onScored));
    const abort = (): void => job.fail(signal.reason);
    signal.addEventListener('abort', abort);
    this.#jobs.add(job);
    try {
      this.#dispatcher.add(job);
      await job.done;
      return job;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#jobs.delete(job);
      this.#dispatcher.remove(job);
      admission.release(tokens.totalTokens);
    }
  }
}

/** Calls back for every document of the request that is the one at a place among the different ones. */
function forEachIndex(
  places: Uint32Array,
  onScored: (index: number, logit: number) => void,
): (place: number, logit: number) => void {
  const indexes = new Map<number, number[]>();
  places.forEach((place, index) => {
    const same = indexes.get(place);
    if (same === undefined) indexes.set(place, [index]);
    else same.push(index);
  });
  return (place, logit) => {
    for (const index of indexes.get(place)!) onScored(index, logit);
  };
}

function lost(reason: string): RequestError {
  const message = `no inference process can be started: ${reason}`;
  return new RequestError('model_unavailable', message, {}, { retryAfter: OUTAGE_RETRY_SECONDS });
}

function drained(): RequestError {
  return new RequestError('draining', 'the container is shutting down', {}, { retryAfter: 1 });
}

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A signal that aborts with the caller's, or with `deadline_exceeded` when the time is up. */
function withDeadline(
  deadlineMs: number,
  caller: AbortSignal | undefined,
): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new RequestError('deadline_exceeded', `the request was not finished within ${deadlineMs} ms`, {
        deadline_ms: deadlineMs,
      }),
    );
  }, deadlineMs);
  const forward = (): void => controller.abort(caller?.reason);
  caller?.addEventListener('abort', forward);
  if (caller?.aborted) forward();
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', forward);
    },
  };
}
