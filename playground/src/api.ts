import type { Bm25Answer, Bm25Job } from './bm25-worker.js';
import type { Doc } from './documents.js';

export interface Model {
  readonly name: string;
  readonly layers: number;
  readonly maxTokens: number;
  readonly precision: string;
  readonly parameters?: number;
  readonly variant?: string;
}

export interface Sample {
  readonly passages: readonly { readonly id: string; readonly title: string; readonly text: string }[];
  readonly questions: readonly { readonly question: string; readonly passage: string }[];
}

/** Milliseconds of a call and of its stages. */
export interface Timing {
  readonly total: number;
  readonly stages: Stages;
  readonly firstResult?: number;
  /** Tokens of all pairs. */
  readonly tokens: number;
  readonly documents: number;
}

export interface TokenCounts {
  readonly room: number;
  readonly documents: readonly {
    readonly tokens: number;
    readonly readCharacters: number;
    readonly windows: readonly number[];
  }[];
}

/** A failure on the way to the endpoint or in it: it may go well another time. */
export class Failure extends Error {}

export async function getJson<T>(url: string, body?: object, signal?: AbortSignal): Promise<T> {
  const response = await send(url, body, signal);
  return (await response.json()) as T;
}

async function send(
  url: string,
  body: object | undefined,
  signal?: AbortSignal,
  accept = 'application/json',
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      headers: { accept, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('The local endpoint does not answer. Is "reranker local" still running?');
  }
  if (response.ok) return response;
  const text = await response.text();
  let said = text;
  try {
    said = (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    // Not one of our errors: the text itself.
  }
  throw new Failure(`The endpoint answered ${response.status}: ${said || response.statusText}`);
}

export type Stages = Readonly<Record<'tokenize' | 'queue' | 'inference', number>>;

/** Up to this many documents one answer is awaited; more are streamed, so that progress shows. */
const STREAM_FROM = 257;

/**
 * Logits of documents, in their order.
 * @param onProgress documents scored so far
 */
export async function score(
  model: number,
  query: string,
  documents: readonly string[],
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<{ readonly logits: Float64Array; readonly timing: Timing }> {
  const started = performance.now();
  const url = `/playground/models/${model}/invocations`;
  const body = { query, documents, raw_scores: true, return_documents: false };
  const logits = new Float64Array(documents.length);
  const streamed = documents.length >= STREAM_FROM;
  const response = await send(url, body, signal, streamed ? 'application/jsonlines' : 'application/json');
  let tokens = 0;
  let firstResult: number | undefined;
  let stages: Stages | undefined;
  if (streamed) {
    let done = 0;
    for await (const line of lines(response)) {
      const entry = JSON.parse(line) as Partial<Entry & StreamEnd & { error: { message: string } }>;
      if (entry.error) throw new Failure(`The container stopped: ${entry.error.message}`);
      if (entry.usage) {
        tokens = entry.usage.total_tokens;
        stages = entry.timings;
      } else {
        logits[entry.index!] = entry.relevance_score!;
        firstResult ??= performance.now() - started;
        done += 1;
        onProgress(done);
      }
    }
  } else {
    const answer = (await response.json()) as { readonly results: readonly Entry[]; readonly usage: Usage };
    for (const { index, relevance_score: logit } of answer.results) logits[index] = logit;
    tokens = answer.usage.total_tokens;
    stages = stagesOf(response);
    onProgress(documents.length);
  }
  if (!stages) throw new Failure('The container ended its answer early.');
  const timing = {
    total: performance.now() - started,
    stages,
    firstResult,
    tokens,
    documents: documents.length,
  };
  return { logits, timing };
}

interface Entry {
  readonly index: number;
  readonly relevance_score: number;
}
interface Usage {
  readonly total_tokens: number;
}
interface StreamEnd {
  readonly usage: Usage;
  readonly timings: Stages;
}

async function* lines(response: Response): AsyncGenerator<string> {
  let rest = '';
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const pieces = (rest + part.value).split('\n');
    rest = pieces.pop()!;
    yield* pieces.filter((line) => line !== '');
  }
  if (rest.trim() !== '') yield rest;
}

function stagesOf(response: Response): Stages {
  const header = response.headers.get('server-timing') ?? '';
  const of = (stage: string): number => Number(new RegExp(`${stage};dur=([\\d.]+)`).exec(header)?.[1] ?? 0);
  return { tokenize: of('tokenize'), queue: of('queue'), inference: of('inference') };
}

/** BM25 in a worker that keeps the index of the documents it has seen last. */
export class Bm25 {
  readonly #worker = new Worker('/playground/bm25-worker.js', { type: 'module' });
  #documents: readonly Doc[] | undefined;
  #number = 0;

  scores(query: string, documents: readonly Doc[]): Promise<Float64Array> {
    const number = (this.#number += 1);
    const fresh = documents !== this.#documents;
    this.#documents = documents;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#worker.removeEventListener('message', onMessage);
        this.#worker.removeEventListener('error', onError);
      };
      const onMessage = ({ data }: MessageEvent<Bm25Answer>): void => {
        if (data.number !== number) return;
        done();
        resolve(data.scores);
      };
      const onError = (): void => {
        done();
        reject(new Failure('BM25 could not be computed in this browser.'));
      };
      this.#worker.addEventListener('message', onMessage);
      this.#worker.addEventListener('error', onError);
      this.#worker.postMessage({ number, query, documents: fresh ? documents : undefined } satisfies Bm25Job);
    });
  }
}
