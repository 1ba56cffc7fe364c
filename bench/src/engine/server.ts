import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { CONTAINER_ENVIRONMENT, CONTAINER_FLAGS, containerEntry } from '@sagemaker-reranker/container';
import type { Request } from './corpus.js';

/** What is read of a server's log. */
export interface LogLine {
  readonly msg?: string;
  readonly port?: number;
  readonly pid?: number;
  readonly level?: string;
  readonly requestId?: string;
}

/** A server in a process of its own, on a free port. */
export class BenchServer {
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    readonly port: number,
    /** Milliseconds from the start of the process to its first healthy ping. */
    readonly startMs: number,
  ) {
    this.#child = child;
  }

  /** The container with its defaults, but for the flags that are given. */
  static container(
    model: string,
    onLine?: (line: LogLine) => void,
    flags: readonly string[] = [],
  ): Promise<BenchServer> {
    return BenchServer.start(
      [...CONTAINER_FLAGS, containerEntry(), 'serve', '--port', '0', '--model', model, ...flags],
      onLine,
    );
  }

  /** With one inference process whose threads are all processors. */
  static ofOneProcess(model: string, flags: readonly string[] = []): Promise<BenchServer> {
    return BenchServer.container(model, undefined, ['--workers', '1', ...flags]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * @param args of Node; the process must write a line of JSON with its `port`
   * @param onLine takes each such line
   */
  static async start(
    args: readonly string[],
    onLine: (line: LogLine) => void = () => undefined,
  ): Promise<BenchServer> {
    const started = performance.now();
    const env = { ...CONTAINER_ENVIRONMENT, ...process.env };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      createInterface(child.stdout).on('line', (line) => {
        const entry = JSON.parse(line) as LogLine;
        onLine(entry);
        if (entry.port !== undefined) resolve(entry.port);
      });
    });
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
      if (answer?.ok) return new BenchServer(child, port, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Milliseconds of a call. @throws Error where the answer is no success. */
  async rerank(request: Request): Promise<number> {
    const started = performance.now();
    const answer = await fetch(`${this.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`status ${answer.status}: ${text}`);
    return performance.now() - started;
  }

  async ping(): Promise<number> {
    const started = performance.now();
    await (await fetch(`${this.url}/ping`)).text();
    return performance.now() - started;
  }

  /** Process ids of the server and of those it has started. Linux only: proc(5). */
  async pids(): Promise<number[]> {
    const own = this.#child.pid!;
    const children = await readFile(`/proc/${own}/task/${own}/children`, 'utf8');
    return [own, ...children.trim().split(' ').filter(Boolean).map(Number)];
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** Sends all requests, so many at a time. */
export async function sendAll(
  server: BenchServer,
  requests: readonly Request[],
  concurrency: number,
): Promise<void> {
  const rest = [...requests];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let next = rest.pop(); next !== undefined; next = rest.pop()) await server.rerank(next);
    }),
  );
}
