import {
  type BatchScores,
  packBatch,
  type PairBatch,
  ProcessCrash,
  ProcessGone,
} from '@sagemaker-reranker/inference';
import { Planner, type BatchLimit, type PlanItem } from '@sagemaker-reranker/models';
import { RequestError } from '../errors.js';
import type { Admission } from './admission.js';
import type { Job } from './job.js';

/** What the dispatcher needs of the workers. */
interface Workers {
  /** Batches that can be handed over now. */
  readonly room: number;
  /** Workers that have none. */
  readonly idle: number;
  run(batch: PairBatch): Promise<BatchScores>;
}

type Batch = readonly PlanItem<Job>[];

interface BatchDispatcherOptions {
  readonly workers: Workers;
  readonly admission: Admission;
  /** Padded tokens that a batch may hold, and what else bounds it. */
  readonly batchTokens: number;
  readonly limit?: BatchLimit;
  /** Token id behind pairs shorter than their batch. */
  readonly pad: number;
}

/** Keeps the workers busy with batches from the planner and brings the scores back to their jobs. */
export class BatchDispatcher {
  /** Milliseconds the model has run, over all batches. */
  modelMs = 0;
  readonly #planner: Planner<Job>;
  readonly #workers: Workers;
  readonly #admission: Admission;
  readonly #pad: number;
  /** Batches lost with a worker, one request each, so that one that kills workers takes no other down with it. */
  readonly #retries: { readonly batch: Batch; readonly isRetry: boolean }[] = [];

  constructor(options: BatchDispatcherOptions) {
    this.#planner = new Planner(options.batchTokens, options.limit);
    this.#workers = options.workers;
    this.#admission = options.admission;
    this.#pad = options.pad;
  }

  add(job: Job): void {
    this.#planner.add(job, job.tokens.lengths);
    this.pump();
  }

  /** Drops what of the job is not yet with a worker. */
  remove(job: Job): void {
    this.#planner.remove(job);
  }

  /** Hands batches to the workers; to be called whenever one has room. */
  pump(): void {
    while (this.#workers.room > 0) {
      const retry = this.#retries.shift();
      const batch = (retry?.batch ?? this.#planner.next(this.#workers.idle))?.filter(
        ({ request }) => !request.settled,
      );
      if (batch === undefined) return;
      if (batch.length > 0) void this.#dispatch(batch, retry?.isRetry === true);
    }
  }

  async #dispatch(batch: Batch, isRetry: boolean): Promise<void> {
    const now = performance.now();
    for (const { request } of batch) request.firstBatchAt ??= now;
    try {
      const pairs = batch.map(({ request, position }) => request.tokens.pairs[position]!);
      const { logits, ms } = await this.#workers.run(packBatch(pairs, this.#pad));
      this.modelMs += ms;
      for (const request of new Set(batch.map((item) => item.request))) request.modelMs += ms;
      this.#admission.measured(
        batch.reduce((sum, { length }) => sum + length, 0),
        ms,
      );
      batch.forEach((item, row) => deliver(item, logits[row]!));
    } catch (error) {
      this.#failed(batch, error as Error, isRetry);
    }
    this.pump();
  }

  #failed(batch: Batch, error: Error, isRetry: boolean): void {
    const requests = new Set(batch.map(({ request }) => request));
    const innocent = error instanceof ProcessGone;
    if (innocent || (error instanceof ProcessCrash && !isRetry)) {
      for (const job of requests) {
        const own = batch.filter(({ request }) => request === job);
        this.#retries.push({ batch: own, isRetry: isRetry || !innocent });
      }
      return;
    }
    const code = error instanceof ProcessCrash ? 'worker_crashed' : 'inference_failed';
    for (const job of requests) {
      this.#planner.remove(job);
      job.fail(new RequestError(code, error.message, {}, { cause: error }));
    }
  }
}

function deliver({ request, position }: PlanItem<Job>, logit: number): void {
  if (Number.isFinite(logit)) request.scored(position, logit);
  else request.fail(new RequestError('inference_failed', `the model gave the logit ${logit}`));
}
