import { fork, type ChildProcess } from 'node:child_process';
import { builtFile } from '@sagemaker-reranker/models';
import type { Logger } from '../log.js';
import type { BatchMessage, FromWorker, LoadMessage } from './protocol.js';

/**
 * Batches with a worker at once: the one it scores, and the next, which it finds in its pipe instead of waiting for an
 * answer to travel and a batch to come back.
 */
const IN_FLIGHT = 2;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MOST_MS = 5_000;
/** How long all workers may be down before the pool calls itself unhealthy; a replacement is up in about half a second. */
const OUTAGE_MS = 10_000;

/** The inference process died while it held the batch; the batch itself may be innocent. */
export class WorkerCrash extends Error {
  override readonly name = 'WorkerCrash';
}

/** The inference process died before it came to this batch, which had no part in it. */
export class WorkerGone extends Error {
  override readonly name = 'WorkerGone';
}

/** The inference process could not load the model. */
export class LoadFailure extends Error {
  override readonly name = 'LoadFailure';
}

export interface BatchScores {
  /** One logit a pair. */
  readonly logits: Float32Array;
  /** Milliseconds the model ran. */
  readonly ms: number;
}

export interface WorkerCounts {
  /** Inference processes that can score. */
  readonly ready: number;
  /** Those that ended unasked since the start. */
  readonly deaths: number;
}

interface Pending {
  resolve(scores: BatchScores): void;
  reject(error: Error): void;
}

interface Worker {
  readonly child: ChildProcess;
  ready: boolean;
  /** Batches it has, in the order in which it scores them. */
  readonly pending: Pending[];
  /** Runs while an answer is due. */
  watchdog?: NodeJS.Timeout;
}

export interface PoolOptions {
  readonly workers: number;
  readonly load: LoadMessage;
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
  private readonly workers = new Set<Worker>();
  private readonly restarts = new Set<NodeJS.Timeout>();
  private backoff = BACKOFF_FIRST_MS;
  private closing = false;
  private deaths = 0;
  private downSince: number | undefined;
  /** Why the last replacement could not load the model; no other will fare better while nothing changes. */
  private loadFailure: string | undefined;

  constructor(private readonly options: PoolOptions) {}

  /**
   * Starts all workers; resolves when every one has loaded the model.
   * @throws LoadFailure or WorkerCrash when one cannot; the pool is closed then.
   */
  async start(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: this.options.workers }, () => this.spawn()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Batches that can be handed over now. */
  get room(): number {
    let room = 0;
    for (const { ready, pending } of this.workers) if (ready) room += IN_FLIGHT - pending.length;
    return room;
  }

  get counts(): WorkerCounts {
    return { ready: this.count((worker) => worker.ready), deaths: this.deaths };
  }

  /** False when no worker is ready and either none has been for ten seconds, or the model can no longer be loaded. */
  get healthy(): boolean {
    if (this.downSince === undefined) return true;
    return this.loadFailure === undefined && performance.now() - this.downSince < OUTAGE_MS;
  }

  /** Process ids of the live workers. */
  get pids(): number[] {
    return [...this.workers].map((worker) => worker.child.pid).filter((pid) => pid !== undefined);
  }

  /**
   * Scores a batch on the worker that has the fewest; to be called only while {@link room} is not 0.
   * @throws WorkerCrash when the process dies on it, WorkerGone when it dies before; Error with the runtime's message
   *   when the model refuses it.
   */
  run(batch: BatchMessage): Promise<BatchScores> {
    let worker: Worker | undefined;
    for (const each of this.workers) {
      if (each.ready && each.pending.length < (worker?.pending.length ?? IN_FLIGHT)) worker = each;
    }
    if (worker === undefined) return Promise.reject(new WorkerGone('no inference process is ready'));
    const { child, pending } = worker;
    const first = pending.length === 0;
    const scores = new Promise<BatchScores>((resolve, reject) => pending.push({ resolve, reject }));
    if (first) this.watch(worker);
    // A failed send means a dying process, whose exit rejects the batch.
    child.send(batch, () => undefined);
    return scores;
  }

  /** Ends the workers; batches still with them are rejected. */
  async close(): Promise<void> {
    this.closing = true;
    for (const timer of this.restarts) clearTimeout(timer);
    this.restarts.clear();
    await Promise.all(
      [...this.workers].map(
        ({ child }) =>
          new Promise<void>((resolve) => {
            child.once('exit', () => resolve());
            child.kill('SIGKILL');
          }),
      ),
    );
  }

  /** Ends a process that does not answer in time; its exit does the rest. */
  private watch(worker: Worker): void {
    worker.watchdog = setTimeout(() => {
      this.options.logger.error(
        { pid: worker.child.pid, timeoutMs: this.options.timeoutMs },
        'inference process hangs',
      );
      worker.child.kill('SIGKILL');
    }, this.options.timeoutMs);
  }

  private spawn(): Promise<void> {
    const child = fork(builtFile(__dirname, 'worker.js'), [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = { child, ready: false, pending: [] };
    this.workers.add(worker);
    this.watch(worker);
    child.send(this.options.load, () => undefined);
    return new Promise((resolve, reject) => {
      child.on('message', (message: FromWorker) => {
        clearTimeout(worker.watchdog);
        if (message.type === 'ready') {
          worker.ready = true;
          this.downSince = undefined;
          this.loadFailure = undefined;
          this.options.logger.info(
            { pid: child.pid, ms: Math.round(message.loadMs) },
            'inference process ready',
          );
          resolve();
          this.options.onIdle();
        } else if (message.type === 'load_failed') {
          reject(new LoadFailure(message.message));
          child.kill('SIGKILL');
        } else this.settle(worker, message);
      });
      child.on('error', (error) => {
        reject(error);
        if (child.pid === undefined) this.bury(worker, error.message);
      });
      child.on('exit', (code, signal) => {
        const cause = signal === null ? `exit code ${code}` : signal;
        reject(new WorkerCrash(`the inference process ended with ${cause} before it was ready`));
        this.bury(worker, cause);
      });
    });
  }

  private settle(worker: Worker, message: Extract<FromWorker, { type: 'scored' | 'batch_failed' }>): void {
    const pending = worker.pending.shift();
    if (worker.pending.length > 0) this.watch(worker);
    this.backoff = BACKOFF_FIRST_MS;
    if (message.type === 'scored') pending?.resolve(message);
    else pending?.reject(new Error(message.message));
    this.options.onIdle();
  }

  private bury(worker: Worker, cause: string): void {
    this.workers.delete(worker);
    clearTimeout(worker.watchdog);
    const started = worker.ready;
    worker.ready = false;
    const message = `the inference process ended with ${cause}`;
    const [held, ...behind] = worker.pending.splice(0);
    held?.reject(new WorkerCrash(message));
    for (const each of behind) each.reject(new WorkerGone(message));
    if (this.closing) return;
    this.deaths += 1;
    if (this.count((each) => each.ready) === 0) this.downSince ??= performance.now();
    const delay = this.backoff;
    this.backoff = Math.min(BACKOFF_MOST_MS, delay * 2);
    this.options.logger.error(
      { pid: worker.child.pid, cause, restartMs: delay, started },
      'inference process ended',
    );
    const timer = setTimeout(() => {
      this.restarts.delete(timer);
      this.spawn().catch((error: Error) => {
        this.options.logger.error({ reason: error.message }, 'inference process could not be replaced');
        if (error instanceof LoadFailure) this.loadFailure = error.message;
        if (!this.healthy) this.options.onOutage(error.message);
      });
    }, delay);
    this.restarts.add(timer);
  }

  private count(matches: (worker: Worker) => boolean): number {
    let found = 0;
    for (const worker of this.workers) if (matches(worker)) found += 1;
    return found;
  }
}
