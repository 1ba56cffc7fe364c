import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerEntry } from '../container';
import { synthesizeModel } from '../models';
import { SAMPLE_DOCUMENTS, SAMPLE_QUERIES } from '../models/sample-texts';
import { median } from './side-by-side';
import type { Report, Suite } from './suite';

const DEFAULT_SECONDS = 600;
const CALLERS = 8;
/** Of the duration; the inference process is killed so often. */
const KILLS = 10;
const SAMPLE_MS = 500;

interface Counts {
  answered: number;
  /** Answers with an error of the container, by code. */
  readonly refused: Map<string, number>;
  /** Requests without any answer. */
  lost: number;
  readonly milliseconds: number[];
}

/** Mixed traffic against the real process for ten minutes, with its inference process killed now and then. */
export const soak: Suite = {
  summary: `mixed traffic and kills against one container; ${DEFAULT_SECONDS} s, or BENCH_SOAK_SECONDS`,
  async run(report, note) {
    const seconds = secondsOf(process.env.BENCH_SOAK_SECONDS);
    const scratch = await mkdtemp(path.join(tmpdir(), 'reranker-soak-'));
    try {
      const out = path.join(scratch, 'model');
      await synthesizeModel({ model: 'tiny', seed: 7, precision: 'int8', out });
      const server = await Server.start(out);
      try {
        await soakServer(server, seconds, report, note);
      } finally {
        await server.stop();
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
};

function secondsOf(given: string | undefined): number {
  const seconds = Number(given ?? DEFAULT_SECONDS);
  if (Number.isInteger(seconds) && seconds >= 120) return seconds;
  throw new RangeError(
    `BENCH_SOAK_SECONDS is ${JSON.stringify(given)}; it must be a whole number of at least 120`,
  );
}

async function soakServer(
  server: Server,
  seconds: number,
  report: Report,
  note: (line: string) => void,
): Promise<void> {
  const counts: Counts = { answered: 0, refused: new Map(), lost: 0, milliseconds: [] };
  const memory: number[] = [];
  const end = performance.now() + 1_000 * seconds;
  const running = (): boolean => performance.now() < end;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (running()) await call(server.url, counts);
  });
  const sampling = (async () => {
    while (running()) {
      // While a process is replaced its memory is on the way up; that is not what is asked.
      const bytes = server.settled ? server.residentBytes() : undefined;
      if (bytes !== undefined) memory.push(bytes);
      await sleep(SAMPLE_MS);
    }
  })();
  for (let kills = 1; kills < KILLS; kills += 1) {
    await sleep((1_000 * seconds) / KILLS);
    note(`${kills} of ${KILLS - 1} kills; ${counts.answered} answered, ${counts.lost} lost`);
    server.killWorker();
  }
  await Promise.all([...callers, sampling]);
  const tenth = Math.floor(memory.length / 10);
  const second = median(memory.slice(tenth, 2 * tenth));
  const last = median(memory.slice(-tenth));
  for (const [code, count] of counts.refused) note(`${count} answered with ${code}`);
  const refused = [...counts.refused.values()].reduce((sum, count) => sum + count, 0);
  const sorted = counts.milliseconds.sort((a, b) => a - b);
  report({ name: 'requests answered with 200', value: counts.answered, unit: 'requests' });
  report({ name: 'requests without an answer', value: counts.lost, unit: 'requests', target: { atMost: 0 } });
  report({ name: 'answered with an error, all', value: refused, unit: 'requests', target: { atMost: 0 } });
  report({ name: 'inference processes killed', value: KILLS - 1, unit: 'kills' });
  report({
    name: 'resident memory, last tenth over second',
    value: last / second,
    unit: 'x',
    target: { atMost: 1.03 },
  });
  report({ name: 'resident memory, last tenth', value: last / 1e6, unit: 'MB' });
  report({ name: 'latency, median', value: median(sorted), unit: 'ms' });
  report({ name: 'latency, p99', value: sorted[Math.floor(0.99 * sorted.length)]!, unit: 'ms' });
}

/** One request of a mix: mostly a few documents, now and then a hundred, or one of a thousand words. */
async function call(url: string, counts: Counts): Promise<void> {
  const start = performance.now();
  try {
    const response = await fetch(`${url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(mixedRequest()),
    });
    const text = await response.text();
    if (response.ok) counts.answered += 1;
    else {
      const { code } = (JSON.parse(text) as { error: { code: string } }).error;
      counts.refused.set(code, (counts.refused.get(code) ?? 0) + 1);
    }
    counts.milliseconds.push(performance.now() - start);
  } catch {
    counts.lost += 1;
  }
}

function mixedRequest(): object {
  const pick = (texts: readonly string[]): string => texts[randomInt(texts.length)]!;
  // A word of its own keeps equal documents apart, which would be scored once.
  const document = (words: number): string => {
    let text = String(randomInt(1e6));
    while (text.length < 6 * words) text += ` ${pick(SAMPLE_DOCUMENTS)}`;
    return text;
  };
  const kind = randomInt(20);
  const query = pick(SAMPLE_QUERIES);
  if (kind === 0) return { query, documents: Array.from({ length: 100 }, () => document(30)) };
  if (kind === 1) return { query, documents: [document(1_000)] };
  if (kind === 2) return { query, texts: Array.from({ length: 10 }, () => document(20)) };
  return {
    query,
    documents: Array.from({ length: 1 + randomInt(10) }, () => document(5 + randomInt(60))),
    top_n: 3,
  };
}

/** The container as a process of its own. */
class Server {
  private readonly workers: number[] = [];
  private readyAt = 0;
  private down = false;
  url = '';

  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it can answer. */
  static async start(modelDir: string): Promise<Server> {
    const child = spawn(process.execPath, [containerEntry(), 'serve', '--port', '0', '--model', modelDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const server = new Server(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the container ended with ${code}`)));
      createInterface(child.stdout!).on('line', (line) => {
        const { msg, port, pid } = JSON.parse(line) as { msg: string; port: number; pid: number };
        if (msg === 'listening') server.url = `http://127.0.0.1:${port}`;
        if (msg === 'inference process ready') server.started(pid);
        if (msg === 'ready') resolve();
      });
    });
    return server;
  }

  /** Whether its inference process has been up for long enough to have met every kind of request. */
  get settled(): boolean {
    return !this.down && performance.now() - this.readyAt > 5_000;
  }

  /** Of both processes; undefined where one has just ended. */
  residentBytes(): number | undefined {
    const files = [this.child.pid!, this.workers.at(-1)!].map((pid) => `/proc/${pid}/statm`);
    if (!files.every((file) => existsSync(file))) return undefined;
    return files.reduce((sum, file) => {
      const pages = Number(readFileSync(file, 'utf8').split(' ')[1]);
      return sum + 4_096 * pages;
    }, 0);
  }

  killWorker(): void {
    this.down = true;
    process.kill(this.workers.at(-1)!, 'SIGKILL');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }

  private started(pid: number): void {
    this.workers.push(pid);
    this.readyAt = performance.now();
    this.down = false;
  }
}
