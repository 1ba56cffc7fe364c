import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '../log';
import type { BatchMessage, FromWorker, LoadMessage } from './protocol';

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MOST_MS = 5_000;
/** How long all workers may be down before the pool calls itself unhealthy; a replacement is up in about half a second. */
const OUTAGE_MS = 10_000;

/** The inference process died while it held the batch; the batch itself may be innocent. */
export class WorkerCrash extends Error {
  override readonly name = 'WorkerCrash';
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
  pending?: Pending;
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
}

/** Inference processes: started, replaced when they die, given one batch at a time. */
export class WorkerPool {
  private readonly workers = new Set<Worker>();
  private readonly restarts = new Set<NodeJS.Timeout>();
  private backoff = BACKOFF_FIRST_MS;
  private closing = false;
  private deaths = 0;
  private downSince: number | undefined;

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

  /** Workers that are ready and hold no batch. */
  get idle(): number {
    return this.count((worker) => worker.ready && worker.pending === undefined);
  }

  get counts(): WorkerCounts {
    return { ready: this.count((worker) => worker.ready), deaths: this.deaths };
  }

  /** False when no worker has been ready for ten seconds. */
  get healthy(): boolean {
    return this.downSince === undefined || performance.now() - this.downSince < OUTAGE_MS;
  }

  /** Process ids of the live workers. */
  get pids(): number[] {
    return [...this.workers].map((worker) => worker.child.pid).filter((pid) => pid !== undefined);
  }

  /**
   * Scores a batch on an idle worker; to be called only while {@link idle} is not 0.
   * @throws WorkerCrash when the process dies on it; Error with the runtime's message when the model refuses it.
   */
  run(batch: BatchMessage): Promise<BatchScores> {
    const worker = [...this.workers].find((each) => each.ready && each.pending === undefined);
    if (worker === undefined) return Promise.reject(new WorkerCrash('no inference process is ready'));
    return new Promise((resolve, reject) => {
      worker.pending = { resolve, reject };
      this.watch(worker);
      // A failed send means a dying process, whose exit rejects the batch.
      worker.child.send(batch, () => undefined);
    });
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
    const child = fork(workerFile(), [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = { child, ready: false };
    this.workers.add(worker);
    this.watch(worker);
    child.send(this.options.load, () => undefined);
    return new Promise((resolve, reject) => {
      child.on('message', (message: FromWorker) => {
        clearTimeout(worker.watchdog);
        if (message.type === 'ready') {
          worker.ready = true;
          this.downSince = undefined;
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
    const pending = worker.pending;
    worker.pending = undefined;
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
    worker.pending?.reject(new WorkerCrash(`the inference process ended with ${cause}`));
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

/** The worker's compiled entry: beside this file once built; under a TypeScript runner, in the build. */
function workerFile(): string {
  const beside = path.join(__dirname, 'worker.js');
  return existsSync(beside) ? beside : path.resolve(__dirname, '../../dist/container/engine/worker.js');
}
