import { InvalidResponseError } from './errors/index.js';
import type { Ranking } from './types.js';
import type { ErrorBody } from './wire.js';

/** A checked answer: rankings in the order of the endpoint. */
export interface DecodedResponse {
  readonly rankings: readonly Ranking[];
  readonly model: string;
  readonly totalTokens: number;
}

/**
 * Reads an answer in the Jina format; fields it does not know are forgiven, missing or contradictory ones are not.
 * @param expected number of results the request asks for: all its documents, or `topN` where that is fewer
 * @throws InvalidResponseError saying which field is wrong
 */
export function decodeResponse(
  body: Uint8Array,
  request: { readonly documents: number; readonly expected: number },
): DecodedResponse {
  const root = object(parse(body), 'the answer');
  const summary = decodeSummary(root);
  if (!Array.isArray(root.results)) throw fault('"results" must be an array');
  if (root.results.length !== request.expected) {
    throw fault(`"results" holds ${root.results.length} rankings where ${request.expected} were asked for`);
  }
  const seen = new Set<number>();
  const rankings = root.results.map((entry: unknown, at) => {
    const ranking = decodeRanking(object(entry, `"results[${at}]"`), `results[${at}]`, request.documents);
    if (seen.has(ranking.index)) throw fault(`"results[${at}].index" ${ranking.index} comes twice`);
    seen.add(ranking.index);
    return ranking;
  });
  return { rankings, ...summary };
}

/** One line of a streamed answer, checked. */
type DecodedLine =
  | { readonly kind: 'ranking'; readonly ranking: Ranking }
  | { readonly kind: 'end'; readonly model: string; readonly totalTokens: number }
  | { readonly kind: 'error'; readonly error: ErrorBody };

/** @throws InvalidResponseError saying which field is wrong */
export function decodeLine(line: string, documents: number): DecodedLine {
  const entry = object(parse(Buffer.from(line)), 'a line');
  if (entry.error !== undefined) {
    const { code, message, details } = object(entry.error, '"error"');
    if (typeof code !== 'string' || typeof message !== 'string') {
      throw fault('"error" must have a "code" and a "message"');
    }
    return { kind: 'error', error: { error: { code, message, details: { ...(details as object | null) } } } };
  }
  if (entry.usage !== undefined) return { kind: 'end', ...decodeSummary(entry) };
  return { kind: 'ranking', ranking: decodeRanking(entry, 'line', documents) };
}

function decodeSummary(entry: Readonly<Record<string, unknown>>): { model: string; totalTokens: number } {
  if (typeof entry.model !== 'string') throw fault(`"model" must be a string, not ${typeof entry.model}`);
  const totalTokens = object(entry.usage, '"usage"').total_tokens;
  if (!isCount(totalTokens)) throw fault('"usage.total_tokens" must be a count');
  return { model: entry.model, totalTokens };
}

function decodeRanking(entry: Readonly<Record<string, unknown>>, path: string, documents: number): Ranking {
  const { index, relevance_score: relevanceScore } = entry;
  if (!isCount(index) || index >= documents) {
    throw fault(`"${path}.index" must be an integer from 0 to ${documents - 1}, not ${String(index)}`);
  }
  if (typeof relevanceScore !== 'number' || !Number.isFinite(relevanceScore)) {
    throw fault(`"${path}.relevance_score" must be a finite number, not ${String(relevanceScore)}`);
  }
  return { index, relevanceScore };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new InvalidResponseError(`the endpoint's answer of ${body.byteLength} bytes is not JSON`, {
      cause,
    });
  }
}

function object(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw fault(`${name} must be an object`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function fault(what: string): InvalidResponseError {
  return new InvalidResponseError(`the endpoint's answer is not a rerank answer: ${what}`);
}
