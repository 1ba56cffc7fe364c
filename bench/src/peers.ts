import { setTimeout as sleep } from 'node:timers/promises';
import { Corpus, type Request } from './engine/corpus.js';
import { benchModel } from './engine/models.js';
import { BenchServer } from './engine/server.js';
import { median, medianRatio, sideBySide } from './side-by-side.js';
import type { Report, Suite, SuiteOptions } from './suite.js';

const ROUNDS = 5;
const APART_MS = 60;
const CALLERS = 16;
const REQUESTS = 64;

/** What is asked of both servers, and how much faster this one must be. */
interface Case {
  readonly name: string;
  readonly requests: readonly Request[];
  readonly callers: number;
  readonly atLeast?: number;
}

async function cases(corpus: Corpus): Promise<Case[]> {
  const one = async (documents: number, mix: string): Promise<Request[]> => [
    await corpus.request(documents, mix),
  ];
  const many: Request[] = [];
  for (let i = 0; i < REQUESTS; i += 1) many.push(await corpus.request(10, 'mix'));
  return [
    { name: '1 x 1 of 60 words', requests: await one(1, '85'), callers: 1, atLeast: 1 },
    { name: '1 x 10 of 60 words', requests: await one(10, '85'), callers: 1 },
    { name: '1 x 100, mixed', requests: await one(100, 'mix'), callers: 1, atLeast: 2.5 },
    { name: '1 x 100, short', requests: await one(100, '24:60:128'), callers: 1 },
    { name: '1 x 100, long', requests: await one(100, '150:400:1000'), callers: 1 },
    { name: '1 x 100, equal', requests: await one(100, '96'), callers: 1 },
    {
      name: `${CALLERS} callers x 10, mixed, ${REQUESTS} requests`,
      requests: many,
      callers: CALLERS,
      atLeast: 2.5,
    },
  ];
}

/** Asks a server that speaks the `/rerank` of text-embeddings-inference. @throws Error where the answer is no success. */
async function ask(url: string, { query, documents }: Request): Promise<void> {
  const answer = await fetch(`${url}/rerank`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, texts: documents, truncate: true }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 200)}`);
  const { length } = JSON.parse(text) as unknown[];
  if (length !== documents.length) throw new Error(`${url} ranked ${length} of ${documents.length} texts`);
}

async function askAll(url: string, requests: readonly Request[], callers: number): Promise<void> {
  const rest = [...requests];
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let next = rest.pop(); next !== undefined; next = rest.pop()) await ask(url, next);
    }),
  );
}

/** Measures this project's container beside another server, request by request in turns. */
export async function comparePeers(
  ours: string,
  theirs: string,
  report: Report,
  rounds = ROUNDS,
): Promise<void> {
  for (const { name, requests, callers, atLeast } of await cases(new Corpus())) {
    const contestant = (url: string) => async (): Promise<void> => {
      await askAll(url, requests, callers);
      await sleep(APART_MS);
    };
    const times = await sideBySide({ ours: contestant(ours), theirs: contestant(theirs) }, rounds);
    const own = times.ours.map((each) => each - APART_MS);
    const other = times.theirs.map((each) => each - APART_MS);
    report({ name: `${name}: ours`, value: median(own), unit: 'ms' });
    report({ name: `${name}: the peer`, value: median(other), unit: 'ms' });
    const target = atLeast === undefined ? undefined : { atLeast };
    report({ name: `${name}: the peer over ours`, value: medianRatio(other, own), unit: 'x', target });
  }
}

async function run(
  report: Report,
  note: (line: string) => void,
  { tei, model }: SuiteOptions,
): Promise<void> {
  if (tei === undefined) throw new Error('peers needs --tei URL: a server that speaks the /rerank of TEI');
  const server = await BenchServer.container(model ?? (await benchModel('tiny', 'fp32')));
  note(`the peer at ${tei} must serve the same model as ${server.url}`);
  await comparePeers(server.url, tei.replace(/\/+$/, ''), report).finally(() => server.stop());
}

export const peers: Suite = {
  summary:
    'the container beside any server that speaks the /rerank of TEI: --tei URL, and --model DIR (3 min)',
  run,
};
