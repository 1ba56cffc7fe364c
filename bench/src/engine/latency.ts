import { percentile, poissonArrivals } from '@sagemaker-reranker/cost/measure';
import { median } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { Corpus, type Request } from './corpus.js';
import { benchModel } from './models.js';
import { BenchServer, sendAll } from './server.js';

const REQUESTS = 400;
const PROBES = 40;
const LOAD = 0.7;
const CALLERS = 16;
const FAULTY_ROWS = 250_000;

async function pings(server: BenchServer, busy: Promise<void>): Promise<number[]> {
  const times: number[] = [];
  let over = false;
  const ending = busy.finally(() => (over = true));
  while (!over) {
    times.push(await server.ping());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ending;
  return times;
}

/** Milliseconds of every request from when it was due, all sent at their Poisson arrivals. */
async function open(server: BenchServer, requests: readonly Request[], perSecond: number): Promise<number[]> {
  const arrivals = poissonArrivals({ perSecond, seconds: (2 * requests.length) / perSecond, seed: 3 });
  const started = performance.now();
  return Promise.all(
    requests.map(async (request, i) => {
      const due = started + arrivals[i]!;
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      await server.rerank(request);
      return performance.now() - due;
    }),
  );
}

/** What a server does with small requests. */
class Subject {
  readonly alone: number[] = [];
  /** Requests a second that 16 callers get answered. */
  saturated = NaN;

  constructor(
    readonly server: BenchServer,
    readonly requests: readonly Request[],
  ) {}

  get unloaded(): number {
    return median(this.alone);
  }

  async warmUp(): Promise<void> {
    await sendAll(this.server, this.requests.slice(0, PROBES), 4);
    for (const request of this.requests.slice(0, PROBES)) this.alone.push(await this.server.rerank(request));
  }

  /** Milliseconds of pings meanwhile. */
  async saturate(): Promise<number[]> {
    const started = performance.now();
    const times = await pings(this.server, sendAll(this.server, this.requests, CALLERS));
    this.saturated = (1000 * this.requests.length) / (performance.now() - started);
    return times;
  }

  async p99(perSecond: number): Promise<number> {
    return percentile(ascending(await open(this.server, this.requests, perSecond)), 0.99);
  }
}

async function run(report: Report, note: (line: string) => void): Promise<void> {
  const corpus = new Corpus();
  const requests: Request[] = [];
  for (let i = 0; i < REQUESTS; i += 1) requests.push(await corpus.request(10, 'mix'));
  const model = await benchModel('tiny', 'int8');
  const what = '1 x 10 documents';
  const one = new Subject(await BenchServer.ofOneProcess(model), requests);
  let same: number;
  try {
    await one.warmUp();
    await one.saturate();
    same = LOAD * one.saturated;
    note(`one process: ${one.saturated.toFixed(1)} requests a second`);
    report({ name: `${what}, one process, unloaded, median`, value: one.unloaded, unit: 'ms' });
    report({
      name: `${what}, one process, at 70 % of its load, p99`,
      value: await one.p99(same),
      unit: 'ms',
    });
  } finally {
    await one.server.stop();
  }
  const many = new Subject(await BenchServer.container(model), requests);
  try {
    await many.warmUp();
    const saturated = await many.saturate();
    note(`${saturated.length} pings at saturation, ${many.saturated.toFixed(1)} requests a second`);
    const value = percentile(ascending(saturated), 0.99);
    report({
      name: `/ping while saturated by ${CALLERS} callers, p99`,
      value,
      unit: 'ms',
      target: { atMost: 50 },
    });
    report({ name: `${what}, unloaded, median`, value: many.unloaded, unit: 'ms' });
    const p99 = await many.p99(same);
    const target = { atMost: 4 };
    report({ name: `${what}, at the rate that is 70 % of one process's load, p99`, value: p99, unit: 'ms' });
    report({
      name: `${what}, at that rate, p99 over unloaded median`,
      value: p99 / many.unloaded,
      unit: 'x',
      target,
    });
    const own = (await many.p99(LOAD * many.saturated)) / many.unloaded;
    report({
      name: `${what}, at 70 % of its own load, p99 over unloaded median`,
      value: own,
      unit: 'x',
      target,
    });
  } finally {
    await many.server.stop();
  }
  await faultyRows(report);
}

/** A body of rows that are no pairs, each of which is answered with its error. */
async function faultyRows(report: Report): Promise<void> {
  const server = await BenchServer.container(await benchModel('tiny', 'int8'));
  const body = `query,document\n${'one cell\n'.repeat(FAULTY_ROWS)}`;
  const batch = async (): Promise<void> => {
    const answer = await fetch(`${server.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });
    const lines = (await answer.text()).trimEnd().split('\n').length;
    if (lines !== FAULTY_ROWS + 1) throw new Error(`${lines} lines answer ${FAULTY_ROWS + 1} rows`);
  };
  const times = await pings(server, batch()).finally(() => server.stop());
  report({
    name: `/ping during a batch of ${FAULTY_ROWS} faulty rows, p99`,
    value: percentile(ascending(times), 0.99),
    unit: 'ms',
    target: { atMost: 50 },
  });
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

export const engineLatency: Suite = {
  summary:
    'pings at saturation and during a faulty batch, small requests at 70 % load by Poisson arrivals (2 min)',
  run,
};
