import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, usageBelow } from '@sagemaker-reranker/cost/measure';
import { SAMPLE_DOCUMENTS, SAMPLE_QUERIES } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import { BenchServer, type LogLine } from './engine/server.js';
import { median } from './side-by-side.js';
import type { Report, Suite } from './suite.js';

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
      const worker = new Worker();
      const server = await BenchServer.container(out, (line) => worker.follow(line));
      try {
        await soakServer(server.url, worker, seconds, report, note);
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
  url: string,
  worker: Worker,
  seconds: number,
  report: Report,
  note: (line: string) => void,
): Promise<void> {
  const counts: Counts = { answered: 0, refused: new Map(), lost: 0, milliseconds: [] };
  const memory: number[] = [];
  const end = performance.now() + 1_000 * seconds;
  const running = (): boolean => performance.now() < end;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (running()) await call(url, counts);
  });
  const sampling = (async () => {
    while (running()) {
      // While a process is replaced its memory is on the way up; that is not what is asked.
      const usage = worker.settled ? await usageBelow(process.pid) : null;
      if (usage !== null && worker.settled) memory.push(usage.residentMib);
      await sleep(SAMPLE_MS);
    }
  })();
  for (let kills = 1; kills < KILLS; kills += 1) {
    await sleep((1_000 * seconds) / KILLS);
    note(`${kills} of ${KILLS - 1} kills; ${counts.answered} answered, ${counts.lost} lost`);
    worker.kill();
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
  report({ name: 'resident memory, last tenth', value: last, unit: 'MiB' });
  report({ name: 'latency, median', value: median(sorted), unit: 'ms' });
  report({ name: 'latency, p99', value: percentile(sorted, 0.99), unit: 'ms' });
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

/** The inference process of the container, as its log tells of it. */
class Worker {
  #pid = 0;
  #readyAt = 0;
  #down = true;

  /** Whether it has been up for long enough to have met every kind of request. */
  get settled(): boolean {
    return !this.#down && performance.now() - this.#readyAt > 5_000;
  }

  follow({ msg, pid }: LogLine): void {
    if (msg !== 'inference process ready') return;
    this.#pid = pid!;
    this.#readyAt = performance.now();
    this.#down = false;
  }

  kill(): void {
    this.#down = true;
    process.kill(this.#pid, 'SIGKILL');
  }
}
