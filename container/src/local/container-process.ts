import { spawn, type ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalEndpointError } from './errors.js';
import { CONTAINER_ENVIRONMENT, CONTAINER_FLAGS, containerEntry } from '../entry.js';

// SageMaker's own figures: 8 minutes to the first healthy ping, 30 s from SIGTERM to SIGKILL.
const START_TIMEOUT_MS = 480_000;
const KILL_AFTER_MS = 30_000;
const PING_INTERVAL_MS = 50;
const KEPT_LINES = 20;
const CLOSE_GRACE_MS = 500;

export interface ContainerOptions {
  /** Script of the container; default the one of this package. */
  readonly entry?: string;
  /** Model directory; default what the container falls back to. */
  readonly modelDirectory?: string;
  /** Gets each line the container logs. */
  readonly log?: (line: string) => void;
  /** Milliseconds to the first healthy ping. Default 480,000. */
  readonly startTimeoutMs?: number;
}

/** How the container process ended: one of the two is set, neither if it could not be created. */
export interface ContainerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The container as a child process, listening on a port of its own. */
export class ContainerProcess {
  /** Resolves once the process has ended, for whatever reason. */
  readonly exited: Promise<ContainerExit>;
  readonly #child: ChildProcess;
  readonly #startTimeoutMs: number;
  #port: number | undefined;
  readonly #lastLines: string[] = [];

  constructor(options: ContainerOptions) {
    const entry = options.entry ?? containerEntry();
    const model = options.modelDirectory === undefined ? [] : ['--model', options.modelDirectory];
    this.#startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
    this.#child = spawn(process.execPath, [...CONTAINER_FLAGS, entry, 'serve', '--port', '0', ...model], {
      // By the channel the container tells its port, and learns when this process has gone, however it ended.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Only the endpoint in front of it is for callers.
      env: { ...CONTAINER_ENVIRONMENT, ...process.env, RERANKER_HOST: '127.0.0.1' },
    });
    this.#child.once('message', ({ port }: { port: number }) => (this.#port = port));
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        if (this.#child.pid !== undefined) return;
        this.#keep(`the process could not be created: ${error.message}`, options.log);
        resolve({ code: null, signal: null });
      });
      this.#child.once('exit', (code, signal) => {
        // 'close' follows when the last line has been read, unless an orphan holds the pipe open.
        const timer = setTimeout(() => resolve({ code, signal }), CLOSE_GRACE_MS);
        this.#child.once('close', () => {
          clearTimeout(timer);
          resolve({ code, signal });
        });
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#keep(line, options.log));
    }
  }

  /** Where it listens, which the system chose; NaN before it does. */
  get port(): number {
    return this.#port ?? NaN;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Resolves when the container answers its first healthy ping.
   * @throws LocalEndpointError `container_exited`, `container_start_timeout`
   */
  async ready(): Promise<void> {
    const deadline = Date.now() + this.#startTimeoutMs;
    while (this.running) {
      if (this.#port !== undefined && (await healthy(this.#port))) return;
      if (Date.now() > deadline) {
        throw new LocalEndpointError(
          'container_start_timeout',
          `the container answered no healthy ping within ${this.#startTimeoutMs} ms${this.#tail()}`,
        );
      }
      await Promise.race([sleep(PING_INTERVAL_MS), this.exited]);
    }
    throw new LocalEndpointError(
      'container_exited',
      `the container ended before it was ready: ${describeExit(await this.exited)}${this.#tail()}`,
    );
  }

  /** Sends SIGTERM, then SIGKILL after 30 s as SageMaker does; resolves when the process has ended. */
  async stop(): Promise<ContainerExit> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #keep(line: string, log: ContainerOptions['log']): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
    log?.(line);
  }

  #tail(): string {
    return this.#lastLines.length === 0 ? '' : `. Its last lines:\n${this.#lastLines.join('\n')}`;
  }
}

/** `exit code 1` or `signal SIGKILL`. */
export function describeExit(exit: ContainerExit): string {
  return exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}

/** Whether `GET /ping` answers 200 within the 2 s SageMaker allows. */
function healthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/ping', agent: false, timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
