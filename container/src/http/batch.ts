import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import {
  decodeRow,
  detectFormat,
  jina,
  jinaSagemaker,
  parseObject,
  record,
  rowsOf,
  type Codec,
} from '../codec/index.js';
import type { Engine, ScoreRequest, Scores } from '../engine/index.js';
import { RequestError } from '../errors.js';
import { requestSignal, stateOf, type AppContext } from './context.js';
import { asRequestError, logRefusal } from './errors.js';
import type { ContentType } from './negotiate.js';
import { bodyOf, noteAnswer, outcomeOf } from './rerank.js';

/** Lines scored side by side: enough that batches fill up across them, few enough that little is held at once. */
const LINES_AT_ONCE = 8;
const RETRY_MS = 100;
const NEWLINE = 0x0a;

/** `pipeline` alone listens to the closing of its ends seven times; Node takes more than ten for a leak. */
const LISTENERS = 20;

/** Reads a line and gives the answer to it. */
type Answerer = (line: Buffer) => Promise<object>;

/**
 * Answers a body of lines, or of CSV rows, with a line for each, in their order: batch transform's `SplitType: Line`. A
 * line at fault gets an error as its answer and loses none of the others; empty lines have none.
 * @throws RequestError `invalid_json` where there is no line.
 */
export async function batch(
  context: AppContext,
  type: ContentType,
  req: Request,
  res: Response,
): Promise<void> {
  const lines = filled(type.medium === 'csv' ? rowsOf(bodyOf(req)) : linesOf(bodyOf(req)));
  const first = lines.next();
  if (first.done === true) throw new RequestError('invalid_json', 'the body is empty; it must hold a line');
  const engine = stateOf(res).engine!;
  const signal = requestSignal(res, context.shutdown);
  const deadline = performance.now() + context.settings.streamDeadlineMs;
  const answer = answerer(context, engine, type, { signal, deadline, req, res });
  if (context.draining()) res.set('Connection', 'close');
  res.set('Content-Type', 'application/jsonlines');
  res.setMaxListeners(LISTENERS);
  await pipeline(Readable.from(answers(first.value, lines, answer)), res);
}

async function* answers(first: Buffer, rest: Iterator<Buffer>, answer: Answerer): AsyncGenerator<string> {
  const pending: Promise<object>[] = [answer(first)];
  for (let line = rest.next(); line.done !== true; line = rest.next()) {
    pending.push(answer(line.value));
    if (pending.length >= LINES_AT_ONCE) yield `${JSON.stringify(await pending.shift())}\n`;
  }
  for (const each of pending) yield `${JSON.stringify(await each)}\n`;
}

function* linesOf(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length;) {
    const found = body.indexOf(NEWLINE, start);
    const end = found < 0 ? body.length : found;
    yield body.subarray(start, end);
    start = end + 1;
  }
}

function* filled(lines: Iterable<Buffer>): Generator<Buffer, undefined> {
  for (const line of lines) if (line.some((byte) => byte > 0x20)) yield line;
  return undefined;
}

interface LineContext {
  readonly signal: AbortSignal;
  /** Of `performance.now()`. */
  readonly deadline: number;
  readonly req: Request;
  readonly res: Response;
}

function answerer(
  context: AppContext,
  engine: Engine,
  { medium, format }: ContentType,
  line: LineContext,
): Answerer {
  const { requestId } = stateOf(line.res);
  return async (bytes) => {
    const start = performance.now();
    let told: Codec | undefined = format;
    try {
      const fields = medium === 'csv' ? decodeRow(bytes.toString('utf8')) : parseObject(bytes);
      const codec = medium === 'csv' ? jinaSagemaker : (format ?? detectFormat(fields) ?? jina);
      if (medium === 'csv') told = undefined;
      const request = codec.decode(fields, context.settings);
      const scores = await scoreWhenAdmitted(engine, request, line);
      noteAnswer(context, line.res, `${codec.name}-${medium}`, scores, performance.now() - start);
      const outcome = outcomeOf(engine, scores, requestId);
      return medium === 'csv' ? record(request, outcome) : codec.encode(request, outcome);
    } catch (error) {
      if (!line.signal.aborted) logRefusal(context, line.req, line.res, error);
      const known = asRequestError(error);
      return told?.encodeError(known, requestId).body ?? known.toBody();
    }
  };
}

/** Lines of a batch wait for their turn in the queue where a single request would be told to come again. */
async function scoreWhenAdmitted(
  engine: Engine,
  request: ScoreRequest,
  { signal, deadline }: LineContext,
): Promise<Scores> {
  for (;;) {
    try {
      const deadlineMs = Math.max(1, deadline - performance.now());
      return await engine.score(request, { signal, deadlineMs });
    } catch (error) {
      const full = error instanceof RequestError && error.code === 'overloaded';
      if (!full || performance.now() + RETRY_MS > deadline) throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}
