import { fork, type ChildProcess } from 'node:child_process';
import { builtFile } from '@sagemaker-reranker/models';
import type { PairBatch } from './batch.js';
import { ensureRuntime } from './ensure-runtime.js';
import { LoadFailure, ProcessCrash, ProcessGone } from './process-errors.js';
import type { FromProcess, LoadMessage, Reply, ToProcess } from './protocol.js';

export type LoadedModel = Omit<Reply['ready'], 'type'>;
export type BatchScores = Omit<Reply['scored'], 'type'>;

interface InferenceProcessOptions {
  /** Milliseconds after which a process that has not answered is taken for hung and killed; no limit when absent. */
  readonly timeoutMs?: number;
  readonly onHang?: () => void;
}

interface Pending {
  resolve(reply: FromProcess): void;
  reject(error: Error): void;
}

/** A process has at least this long to load its model, however short its batches must be. */
const LOAD_TIMEOUT_MS = 120_000;

/** A process that has loaded one model and runs batches through it, one after the other, in the order they are given. */
export class InferenceProcess {
  /** Resolves when the model is loaded. Rejects with LoadFailure, or ProcessCrash where the process ended. */
  readonly ready: Promise<LoadedModel>;
  /** Resolves with the exit code or signal when the process has ended, or could not be started. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #options: InferenceProcessOptions;
  /** What it has not answered yet. */
  readonly #pending: Pending[] = [];
  #watchdog: NodeJS.Timeout | undefined;
  #loaded = false;
  #ended: string | undefined;

  /** @throws ModelError `runtime_missing` as `ensureRuntime` */
  constructor(load: Omit<LoadMessage, 'type'>, options: InferenceProcessOptions = {}) {
    ensureRuntime();
    this.#options = options;
    this.#child = fork(builtFile(__dirname, 'worker.js'), [], {
      serialization: 'advanced',
      // Its garbage is little: the heap need not grow for it, as V8 would let it.
      execArgv: ['--max-semi-space-size=1'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.exited = new Promise((resolve) => {
      const end = (cause: string): void => {
        this.#end(cause);
        resolve(cause);
      };
      this.#child.on('error', (error) => {
        if (this.#child.pid === undefined) end(error.message);
      });
      this.#child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    this.#child.on('message', (reply: FromProcess) => this.#answer(reply));
    this.ready = this.#ask({ ...load, type: 'load' }).then((reply) => {
      this.#loaded = true;
      if (reply.type === 'ready') return reply;
      this.kill();
      throw new LoadFailure(reply.type === 'load_failed' ? reply.message : 'it did not answer');
    });
    // A caller that waits for `exited` alone need not hear of it.
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Batches given and not yet answered. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Scores a batch.
   * @throws ProcessCrash when the process dies on it, ProcessGone when it dies before; Error with the runtime's message
   *   when the model refuses it.
   */
  async run(batch: PairBatch): Promise<BatchScores> {
    const reply = await this.#ask({ ...batch, type: 'batch' });
    if (reply.type === 'scored') return reply;
    throw new Error(reply.type === 'batch_failed' ? reply.message : 'it gave no scores');
  }

  /** Largest resident memory of the process so far, in bytes. */
  async peakBytes(): Promise<number> {
    const reply = await this.#ask({ type: 'peak' });
    return reply.type === 'peak' ? reply.bytes : NaN;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(message: ToProcess): Promise<FromProcess> {
    if (this.#ended !== undefined) return Promise.reject(new ProcessGone(this.#ended));
    const reply = new Promise<FromProcess>((resolve, reject) => this.#pending.push({ resolve, reject }));
    if (this.#pending.length === 1) this.#watch();
    // A failed send means a dying process, whose exit rejects what is pending.
    this.#child.send(message, () => undefined);
    return reply;
  }

  #answer(reply: FromProcess): void {
    clearTimeout(this.#watchdog);
    this.#pending.shift()?.resolve(reply);
    if (this.#pending.length > 0) this.#watch();
  }

  #watch(): void {
    const { timeoutMs, onHang } = this.#options;
    if (timeoutMs === undefined) return;
    const expire = (): void => {
      onHang?.();
      this.kill();
    };
    this.#watchdog = setTimeout(expire, this.#loaded ? timeoutMs : Math.max(timeoutMs, LOAD_TIMEOUT_MS));
  }

  #end(cause: string): void {
    clearTimeout(this.#watchdog);
    this.#ended = `the inference process ended with ${cause}`;
    const [held, ...behind] = this.#pending.splice(0);
    held?.reject(new ProcessCrash(this.#ended));
    for (const each of behind) each.reject(new ProcessGone(this.#ended));
  }
}
