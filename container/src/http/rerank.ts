import { setImmediate } from 'node:timers/promises';
import type { Request, Response } from 'express';
import {
  decodeBody,
  jina,
  streamEnd,
  streamLine,
  type Codec,
  type Fields,
  type RerankOutcome,
  type RerankRequest,
} from '../codec/index.js';
import { isBlank, type Engine, type Scores, type Timings } from '../engine/index.js';
import { RequestError } from '../errors.js';
import type { Settings } from '../settings.js';
import { requestSignal, stateOf, type AppContext } from './context.js';
import { asRequestError, logRefusal } from './errors.js';
import { answerMedium } from './negotiate.js';
import { parseBody, SMALL_BYTES } from './parse.js';

/** A route that reranks: the format of a body, and whether the route's callers were told that format. */
export interface RerankRoute {
  readonly formatOf: (fields: Fields) => Codec;
  readonly native: boolean;
}

/** Answers a JSON body with its documents ranked, or line by line as they are scored where the caller accepts that. */
export async function rerank(
  context: AppContext,
  route: RerankRoute,
  req: Request,
  res: Response,
): Promise<void> {
  const start = performance.now();
  const state = stateOf(res);
  const engine = state.engine!;
  const fields = await parseBody(bodyOf(req), context.settings);
  const codec = state.contentType.format ?? route.formatOf(fields);
  if (route.native) state.errorFormat = codec;
  const request = readRequest(codec, fields, context.settings, engine);
  const signal = requestSignal(res, context.shutdown);
  // Decoding a large body takes a while; pings that came meanwhile are answered before the engine starts on it.
  if (bodyOf(req).length > SMALL_BYTES) await setImmediate();
  if (codec === jina && answerMedium(req, ['json', 'jsonlines']) === 'jsonlines') {
    const scores = await stream(context, engine, request, signal, req, res);
    if (scores !== undefined) noteAnswer(context, res, 'jina-stream', scores, performance.now() - start);
    return;
  }
  const scores = await engine.score(request, { signal });
  const outcome = outcomeOf(engine, scores, stateOf(res).requestId);
  res.set('Server-Timing', serverTiming(scores));
  if (codec.headers !== undefined) res.set(codec.headers(request, outcome));
  res.json(codec.encode(request, outcome));
  noteAnswer(context, res, codec.name, scores, performance.now() - start);
}

/** Writes each document's line as it is scored; undefined where scoring failed on the way and the last line says so. */
async function stream(
  context: AppContext,
  engine: Engine,
  request: RerankRequest,
  signal: AbortSignal,
  req: Request,
  res: Response,
): Promise<Scores | undefined> {
  const write = (line: object): void => {
    if (!res.headersSent) res.set('Content-Type', 'application/jsonlines');
    if (!res.destroyed) res.write(`${JSON.stringify(line)}\n`);
  };
  try {
    const scores = await engine.score(request, {
      signal,
      deadlineMs: context.settings.streamDeadlineMs,
      onScored: (index, logit) => write(streamLine(request, index, logit)),
    });
    const outcome = { model: engine.manifest.name, totalTokens: scores.totalTokens };
    write(streamEnd(outcome, stagesOf(scores.timings)));
    res.end();
    return scores;
  } catch (error) {
    // Before its first line the answer can still be an error with a status of its own.
    if (!res.headersSent || res.destroyed) throw error;
    logRefusal(context, req, res, error);
    write(asRequestError(error).toBody());
    res.end();
    return undefined;
  }
}

/**
 * A body's fields as a request of a format.
 * @throws RequestError 422; `invalid_request` for a document without text where the settings refuse it.
 */
export function readRequest(
  codec: Codec,
  fields: Fields,
  settings: Settings,
  { manifest }: Engine,
): RerankRequest {
  const { maxDocuments } = settings;
  const request = decodeBody(codec, fields, { maxDocuments, activation: manifest.activation });
  if (settings.refuseBlank === 1) {
    const blank = request.documents.findIndex(isBlank);
    if (blank >= 0) {
      const message = `document ${blank} is empty; RERANKER_REFUSE_BLANK asks for text in each`;
      throw new RequestError('invalid_request', message, { path: `documents[${blank}]`, document: blank });
    }
  }
  return request;
}

/** The body as the reader left it; without one it is empty. */
export function bodyOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

/** What a codec writes its answer from. */
export function outcomeOf(engine: Engine, scores: Scores, requestId: string): RerankOutcome {
  return { ...scores, model: engine.manifest.name, requestId };
}

/** https://www.w3.org/TR/server-timing/: milliseconds of each stage. */
function serverTiming({ timings }: Scores): string {
  return Object.entries(stagesOf(timings))
    .map(([stage, ms]) => `${stage};dur=${ms}`)
    .join(', ');
}

/** Milliseconds of each stage, to the tenth. */
function stagesOf({ tokenize, queue, inference, model }: Timings): Timings {
  return {
    tokenize: round(tokenize),
    queue: round(queue),
    inference: round(inference),
    model: round(model),
  };
}

/** Logs and counts a request that was ranked. */
function noteAnswer(context: AppContext, res: Response, format: string, scores: Scores, ms: number): void {
  context.metrics.observe(format, scores);
  const { tokenize, queue, inference, model } = scores.timings;
  context.logger.info(
    {
      requestId: stateOf(res).requestId,
      format,
      documents: scores.logits.length,
      scoredDocuments: scores.scoredDocuments,
      tokens: scores.totalTokens,
      ms: round(ms),
      tokenizeMs: round(tokenize),
      queueMs: round(queue),
      inferenceMs: round(inference),
      modelMs: round(model),
    },
    'reranked',
  );
}

/** Milliseconds to the tenth. */
export function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
