import {
  type BatchScores,
  InferenceProcess,
  LoadFailure,
  type LoadMessage,
  type PairBatch,
  ProcessGone,
} from '@sagemaker-reranker/inference';
import type { Logger } from '../log.js';

/**
 * Batches with a worker at once: the one it scores, and the next, which it finds in its pipe instead of waiting for an
 * answer to travel and a batch to come back.
 */
const IN_FLIGHT = 2;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MOST_MS = 5_000;
/** How long all workers may be down before the pool calls itself unhealthy; a replacement is up in about half a second. */
const OUTAGE_MS = 10_000;

export interface WorkerCounts {
  /** Inference processes that can score. */
  readonly ready: number;
  /** Those that ended unasked since the start. */
  readonly deaths: number;
}

interface Worker {
  readonly process: InferenceProcess;
  ready: boolean;
}

interface PoolOptions {
  readonly workers: number;
  readonly load: Omit<LoadMessage, 'type'>;
  /** Milliseconds after which a process that still has not loaded, or scored its batch, is taken for hung. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Called when a worker can take a batch. */
  readonly onIdle: () => void;
  /** Called when the pool has become unhealthy, and again whenever a replacement fails while it is. */
  readonly onOutage: (reason: string) => void;
}

/** Inference processes: started, replaced when they die, given up to two batches at a time. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #workers = new Set<Worker>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #backoff = BACKOFF_FIRST_MS;
  #closing = false;
  #deaths = 0;
  #downSince: number | undefined;
  /** Why the last replacement could not load the model; no other will fare better while nothing changes. */
  #loadFailure: string | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Starts all workers; resolves when every one has loaded the model.
   * @throws LoadFailure or ProcessCrash when one cannot; the pool is closed then.
   */
  async start(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: this.#options.workers }, () => this.#spawn()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Batches that can be handed over now. */
  get room(): number {
    let room = 0;
    for (const { ready, process } of this.#workers) if (ready) room += IN_FLIGHT - process.pending;
    return room;
  }

  /** Workers that have no batch. */
  get idle(): number {
    return this.#ready.filter(({ process }) => process.pending === 0).length;
  }

  get counts(): WorkerCounts {
    return { ready: this.#ready.length, deaths: this.#deaths };
  }

  /** False when no worker is ready and either none has been for ten seconds, or the model can no longer be loaded. */
  get healthy(): boolean {
    if (this.#downSince === undefined) return true;
    return this.#loadFailure === undefined && performance.now() - this.#downSince < OUTAGE_MS;
  }

  /** Process ids of the live workers. */
  get pids(): number[] {
    return [...this.#workers].map(({ process }) => process.pid).filter((pid) => pid !== undefined);
  }

  /**
   * Scores a batch on the worker that has the fewest; to be called only while {@link room} is not 0.
   * @throws as `InferenceProcess.run`.
   */
  async run(batch: PairBatch): Promise<BatchScores> {
    const [worker] = this.#ready.sort((a, b) => a.process.pending - b.process.pending);
    if (worker === undefined) throw new ProcessGone('no inference process is ready');
    const scores = await worker.process.run(batch);
    this.#backoff = BACKOFF_FIRST_MS;
    return scores;
  }

  /** Ends the workers; batches still with them are rejected. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#restarts.clear();
    await Promise.all(
      [...this.#workers].map(({ process }) => {
        process.kill();
        return process.exited;
      }),
    );
  }

  async #spawn(): Promise<void> {
    const { load, timeoutMs, logger, onIdle } = this.#options;
    const process = new InferenceProcess(load, {
      timeoutMs,
      onHang: () => logger.error({ pid: process.pid, timeoutMs }, 'inference process hangs'),
    });
    const worker: Worker = { process, ready: false };
    this.#workers.add(worker);
    void process.exited.then((cause) => this.#bury(worker, cause));
    const { loadMs } = await process.ready;
    worker.ready = true;
    this.#downSince = undefined;
    this.#loadFailure = undefined;
    logger.info({ pid: process.pid, ms: Math.round(loadMs) }, 'inference process ready');
    onIdle();
  }

  #bury(worker: Worker, cause: string): void {
    this.#workers.delete(worker);
    const started = worker.ready;
    worker.ready = false;
    if (this.#closing) return;
    const { logger, onOutage } = this.#options;
    this.#deaths += 1;
    if (this.#ready.length === 0) this.#downSince ??= performance.now();
    const delay = this.#backoff;
    this.#backoff = Math.min(BACKOFF_MOST_MS, delay * 2);
    logger.error({ pid: worker.process.pid, cause, restartMs: delay, started }, 'inference process ended');
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#spawn().catch((error: Error) => {
        logger.error({ reason: error.message }, 'inference process could not be replaced');
        if (error instanceof LoadFailure) this.#loadFailure = error.message;
        if (!this.healthy) onOutage(error.message);
      });
    }, delay);
    this.#restarts.add(timer);
  }

  get #ready(): Worker[] {
    return [...this.#workers].filter(({ ready }) => ready);
  }
}
