import { percentile, poissonArrivals } from '@sagemaker-reranker/cost/measure';
import { median } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { Corpus, type Request } from './corpus.js';
import { benchModel } from './models.js';
import { BenchServer, sendAll } from './server.js';

const REQUESTS = 400;
const PROBES = 40;
const LOAD = 0.7;
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

interface Latencies {
  readonly alone: number[];
  readonly saturated: number[];
  readonly loaded: number[];
}

async function measure(
  server: BenchServer,
  requests: readonly Request[],
  note: (line: string) => void,
): Promise<Latencies> {
  await sendAll(server, requests.slice(0, PROBES), 4);
  const alone: number[] = [];
  for (const request of requests.slice(0, PROBES)) alone.push(await server.rerank(request));
  const started = performance.now();
  const saturated = await pings(server, sendAll(server, requests, 16));
  const perSecond = (1000 * REQUESTS) / (performance.now() - started);
  note(`${saturated.length} pings at saturation, ${perSecond.toFixed(1)} requests a second`);
  return { alone, saturated, loaded: await open(server, requests, LOAD * perSecond) };
}

async function run(report: Report, note: (line: string) => void): Promise<void> {
  const corpus = new Corpus();
  const requests: Request[] = [];
  for (let i = 0; i < REQUESTS; i += 1) requests.push(await corpus.request(10, 'mix'));
  const server = await BenchServer.container(await benchModel('tiny', 'int8'));
  const { alone, saturated, loaded } = await measure(server, requests, note).finally(() => server.stop());

  await faultyRows(report);
  report({
    name: '/ping while saturated by 16 callers, p99',
    value: percentile(ascending(saturated), 0.99),
    unit: 'ms',
    target: { atMost: 50 },
  });
  report({ name: '1 x 10 documents, unloaded, median', value: median(alone), unit: 'ms' });
  report({ name: '1 x 10 documents at 70 % load, median', value: median(loaded), unit: 'ms' });
  report({
    name: '1 x 10 documents at 70 % load, p99 over unloaded median',
    value: percentile(ascending(loaded), 0.99) / median(alone),
    unit: 'x',
    target: { atMost: 4 },
  });
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
