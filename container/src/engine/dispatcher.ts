import { RequestError } from '../errors.js';
import type { Admission } from './admission.js';
import type { Job } from './job.js';
import { Planner, type BatchLimit, type PlanItem } from './planner.js';
import type { BatchMessage } from './protocol.js';
import { WorkerCrash, WorkerGone, type BatchScores } from './worker-pool.js';

/** What the dispatcher needs of the workers. */
export interface Workers {
  /** Batches that can be handed over now. */
  readonly room: number;
  run(batch: BatchMessage): Promise<BatchScores>;
}

type Batch = readonly PlanItem<Job>[];

/** Keeps the workers busy with batches from the planner and brings the scores back to their jobs. */
export class Dispatcher {
  /** Milliseconds the model has run, over all batches. */
  modelMs = 0;
  private readonly planner: Planner<Job>;
  /** Batches lost with a worker, one request each, so that one that kills workers takes no other down with it. */
  private readonly retries: { readonly batch: Batch; readonly isRetry: boolean }[] = [];

  constructor(
    private readonly workers: Workers,
    private readonly admission: Admission,
    batchTokens: number,
    limit?: BatchLimit,
  ) {
    this.planner = new Planner(batchTokens, limit);
  }

  add(job: Job): void {
    this.planner.add(job, job.tokens.lengths);
    this.pump();
  }

  /** Drops what of the job is not yet with a worker. */
  remove(job: Job): void {
    this.planner.remove(job);
  }

  /** Hands batches to the workers; to be called whenever one has room. */
  pump(): void {
    while (this.workers.room > 0) {
      const retry = this.retries.shift();
      const batch = (retry?.batch ?? this.planner.next())?.filter(({ request }) => !request.settled);
      if (batch === undefined) return;
      if (batch.length > 0) void this.dispatch(batch, retry?.isRetry === true);
    }
  }

  private async dispatch(batch: Batch, isRetry: boolean): Promise<void> {
    const now = performance.now();
    for (const { request } of batch) request.firstBatchAt ??= now;
    try {
      const message = this.assemble(batch);
      const { logits, ms } = await this.workers.run(message);
      this.modelMs += ms;
      this.admission.measured(message.ids.length, ms);
      batch.forEach((item, row) => deliver(item, logits[row]!));
    } catch (error) {
      this.failed(batch, error as Error, isRetry);
    }
    this.pump();
  }

  private assemble(batch: Batch): BatchMessage {
    const lengths = Uint32Array.from(batch, ({ length }) => length);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const ids = new Int32Array(total);
    const types = new Uint8Array(total);
    let offset = 0;
    for (const { request, position, length } of batch) {
      const { layout, query, passages } = request.tokens;
      layout.write(query, passages[position]!, ids, types, offset);
      offset += length;
    }
    return { type: 'batch', lengths, ids, types };
  }

  private failed(batch: Batch, error: Error, isRetry: boolean): void {
    const requests = new Set(batch.map(({ request }) => request));
    const innocent = error instanceof WorkerGone;
    if (innocent || (error instanceof WorkerCrash && !isRetry)) {
      for (const job of requests) {
        const own = batch.filter(({ request }) => request === job);
        this.retries.push({ batch: own, isRetry: isRetry || !innocent });
      }
      return;
    }
    const code = error instanceof WorkerCrash ? 'worker_crashed' : 'inference_failed';
    for (const job of requests) {
      this.planner.remove(job);
      job.fail(new RequestError(code, error.message, {}, { cause: error }));
    }
  }
}

function deliver({ request, position }: PlanItem<Job>, logit: number): void {
  if (Number.isFinite(logit)) request.scored(position, logit);
  else request.fail(new RequestError('inference_failed', `the model gave the logit ${logit}`));
}
