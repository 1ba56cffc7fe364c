import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import {
  csvField,
  decodePair,
  decodeRow,
  detectFormat,
  isPairRow,
  jina,
  jinaSagemaker,
  record,
  rowsOf,
  scoreOf,
  textOf,
  type Codec,
  type Fields,
  type RerankOutcome,
  type RerankRequest,
} from '../codec/index.js';
import { TRUNCATE_RIGHT, type Engine, type ScoreRequest, type Scores } from '../engine/index.js';
import { RequestError } from '../errors.js';
import { requestSignal, stateOf, type AppContext } from './context.js';
import { asRequestError, logRefusal } from './errors.js';
import { answerMedium } from './negotiate.js';
import { parseBody } from './parse.js';
import { bodyOf, outcomeOf, readRequest, round } from './rerank.js';

/** Lines scored side by side: enough that batches fill up across them, few enough that little is held at once. */
const LINES_AT_ONCE = 8;
/** Rows of one pair each that are scored as one request. */
const PAIRS_AT_ONCE = 256;
/** Milliseconds of reading lines after which others get their turn, pings above all. */
const SLICE_MS = 10;
const RETRY_MS = 100;
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Faults of lines that are written to the log; of the others it has the number. */
const LOGGED_FAULTS = 5;

/** `pipeline` alone listens to the closing of its ends seven times; Node takes more than ten for a leak. */
const LISTENERS = 20;

interface Batch {
  readonly context: AppContext;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  /** Of `performance.now()`. */
  readonly deadline: number;
  readonly res: Response;
  readonly tally: Tally;
}

/** What the one line of the log says of a batch; the endpoint's metric filters draw documents and tokens from it. */
interface Tally {
  lines: number;
  refused: number;
  readonly faults: { readonly line: number; readonly code: string }[];
  documents: number;
  scoredDocuments: number;
  tokens: number;
}

/** Some lines with the number of the first, and the answers to them. */
type Answerer = (lines: readonly Buffer[], number: number) => Promise<readonly string[]>;

/**
 * Answers a body of lines, or of CSV rows, with a line for each, in their order: batch transform's `SplitType: Line`. A
 * line at fault gets an error as its answer and loses none of the others; empty lines have none.
 * @throws RequestError `invalid_json` where there is no line.
 */
export async function batch(context: AppContext, req: Request, res: Response): Promise<void> {
  const start = performance.now();
  const { contentType, engine } = stateOf(res);
  const given = bodyOf(req);
  const body = given.subarray(0, 3).equals(BYTE_ORDER_MARK) ? given.subarray(3) : given;
  const isCsv = contentType.medium === 'csv';
  const lines = filled(isCsv ? rowsOf(body) : linesOf(body));
  const first = lines.next();
  if (first.done === true) throw new RequestError('invalid_json', 'the body is empty; it must hold a line');
  const batch: Batch = {
    context,
    engine: engine!,
    signal: requestSignal(res, context.shutdown),
    deadline: start + context.settings.streamDeadlineMs,
    res,
    tally: { lines: 0, refused: 0, faults: [], documents: 0, scoredDocuments: 0, tokens: 0 },
  };
  // A function of two arguments in SQL is sent rows of a query and a document, and takes a row of a number for each.
  const arePairs = isCsv && isPairRow(first.value.toString('utf8'));
  const asCsv = isCsv && answerMedium(req, arePairs ? ['csv', 'jsonlines'] : ['jsonlines', 'csv']) === 'csv';
  const answer = arePairs ? pairAnswerer(batch, asCsv) : lineAnswerer(batch, asCsv);
  const plan = arePairs ? { size: PAIRS_AT_ONCE, atOnce: 2 } : { size: 1, atOnce: LINES_AT_ONCE };
  res.set('Content-Type', asCsv ? 'text/csv; charset=utf-8' : 'application/jsonlines');
  res.setMaxListeners(LISTENERS);
  try {
    await pipeline(Readable.from(answers(first.value, lines, answer, plan)), res);
  } finally {
    const { requestId } = stateOf(res);
    const ms = round(performance.now() - start);
    context.logger.info({ requestId, path: req.path.slice(0, 200), ...batch.tally, ms }, 'reranked');
  }
}

async function* answers(
  first: Buffer,
  rest: Iterator<Buffer>,
  answer: Answerer,
  { size, atOnce }: { readonly size: number; readonly atOnce: number },
): AsyncGenerator<string> {
  const pending: Promise<readonly string[]>[] = [];
  let turn = performance.now();
  let number = 1;
  let lines = [first];
  const take = (): void => {
    pending.push(answer(lines, number));
    number += lines.length;
    lines = [];
  };
  for (let line = rest.next(); line.done !== true; line = rest.next()) {
    if (lines.length >= size) take();
    lines.push(line.value);
    if (pending.length >= atOnce) yield joined(await pending.shift()!);
    if (performance.now() - turn > SLICE_MS) {
      await setImmediate();
      turn = performance.now();
    }
  }
  take();
  for (const each of pending) yield joined(await each);
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
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

/** Each line is a request of its own. */
function lineAnswerer(batch: Batch, asCsv: boolean): Answerer {
  const { context, engine, res } = batch;
  const { requestId, contentType } = stateOf(res);
  const { medium, format } = contentType;
  return async ([line], number) => {
    const told: Codec | undefined = medium === 'csv' ? undefined : format;
    let id: unknown;
    try {
      const fields = medium === 'csv' ? decodeRow(textOf(line!)) : await parseBody(line!, context.settings);
      const codec = medium === 'csv' ? jinaSagemaker : (format ?? detectFormat(fields) ?? jina);
      id = (fields.data as Fields | undefined)?.id;
      const request = readRequest(codec, fields, context.settings, engine);
      if (asCsv && request.topN !== undefined) throw noTopN(request);
      const scores = await scoreWhenAdmitted(batch, request);
      noteScores(batch, `${codec.name}-${medium}`, scores, 1);
      const outcome = outcomeOf(engine, scores, requestId);
      if (asCsv) return [numbers(request, outcome)];
      return [JSON.stringify(medium === 'csv' ? record(request, outcome) : codec.encode(request, outcome))];
    } catch (error) {
      const known = noteFault(batch, error, number);
      if (asCsv) return [errorCell(known)];
      const body = told?.encodeError(known, requestId).body ?? known.toBody();
      id ??= known.details.id;
      return [JSON.stringify(medium === 'csv' && typeof id === 'string' ? { id, ...body } : body)];
    }
  };
}

/** Each row is a query and a document; many of them are scored together. */
function pairAnswerer(batch: Batch, asCsv: boolean): Answerer {
  const shown = (error: unknown, line: number): string => {
    const known = noteFault(batch, error, line);
    return asCsv ? errorCell(known) : JSON.stringify(known.toBody());
  };
  return async (rows, number) => {
    const answered = new Array<string>(rows.length);
    const pairs: { readonly row: number; readonly query: string; readonly document: string }[] = [];
    rows.forEach((bytes, row) => {
      try {
        pairs.push({ row, ...decodePair(textOf(bytes)) });
      } catch (error) {
        answered[row] = shown(error, number + row);
      }
    });
    try {
      if (pairs.length === 0) return answered;
      const scores = await scoreWhenAdmitted(batch, {
        query: pairs.map(({ query }) => query),
        documents: pairs.map(({ document }) => document),
        truncation: TRUNCATE_RIGHT,
      });
      noteScores(batch, 'pairs-csv', scores, pairs.length);
      pairs.forEach(({ row }, i) => {
        answered[row] = String(scoreOf({ rawScores: false }, scores.logits[i]!));
      });
    } catch (error) {
      for (const { row } of pairs) answered[row] = shown(error, number + row);
    }
    return answered;
  };
}

/** The scores of a record's documents in their order, as a row. */
function numbers(request: RerankRequest, { logits }: RerankOutcome): string {
  return Array.from(logits, (logit) => scoreOf(request, logit)).join(',');
}

function noTopN({ id }: RerankRequest): RequestError {
  const message = 'top_n has no meaning in a text/csv answer, which has a number for each document in order';
  return new RequestError('invalid_request', message, { path: 'top_n', id });
}

/** An error in the place of a number: text, so that a database that wants a number fails and shows it. */
function errorCell({ code, message }: RequestError): string {
  return csvField(`error: ${code}: ${message}`);
}

/** Counts what was scored of some lines. */
function noteScores({ context, tally }: Batch, format: string, scores: Scores, lines: number): void {
  context.metrics.observe(format, scores);
  tally.lines += lines;
  tally.documents += scores.logits.length;
  tally.scoredDocuments += scores.scoredDocuments;
  tally.tokens += scores.totalTokens;
}

/** Notes the fault of a line for the one entry of the log; one that is the container's own is logged with its stack. */
function noteFault({ signal, tally, context, res }: Batch, error: unknown, line: number): RequestError {
  const known = asRequestError(error);
  if (signal.aborted) return known;
  tally.lines += 1;
  tally.refused += 1;
  if (tally.faults.length < LOGGED_FAULTS) {
    tally.faults.push({ line, code: known.code });
    if (known.status === 500) logRefusal(context, res.req, res, error);
  }
  return known;
}

/** Lines of a batch wait for their turn in the queue where a single request would be told to come again. */
async function scoreWhenAdmitted(
  { engine, signal, deadline }: Batch,
  request: ScoreRequest,
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
