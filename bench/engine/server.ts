import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { containerEntry } from '../../container';
import type { Request } from './corpus';

/** A server in a process of its own, on a free port. */
export class BenchServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Milliseconds from the start of the process to its first healthy ping. */
    readonly startMs: number,
  ) {}

  /** The container with its defaults. */
  static container(model: string): Promise<BenchServer> {
    return BenchServer.start([containerEntry(), 'serve', '--port', '0', '--model', model]);
  }

  /** @param args of Node; the process must write a line of JSON with its `port`. */
  static async start(args: readonly string[]): Promise<BenchServer> {
    const started = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      createInterface(child.stdout).on('line', (line) => {
        const { port } = JSON.parse(line) as { port?: number };
        if (port !== undefined) resolve(port);
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
    const answer = await fetch(`http://127.0.0.1:${this.port}/invocations`, {
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
    await (await fetch(`http://127.0.0.1:${this.port}/ping`)).text();
    return performance.now() - started;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
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

/** The value below which this part of the values lies (nearest rank). */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}
