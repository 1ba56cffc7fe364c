import { ModelError, PayloadTooLargeError } from './errors/index.js';
import type { RequestContent } from './request.js';
import type { RerankRequestBody } from './wire.js';

/** How much one request may hold. */
export interface PartLimits {
  /** Bytes of its body. */
  readonly bytes: number;
  readonly documents: number;
}

/** One request of a call: some documents that follow each other. */
export interface Part {
  /** Position in the call of the part's first document. */
  readonly start: number;
  readonly documents: number;
  /** Results asked for. */
  readonly expected: number;
  readonly body: Uint8Array;
}

export interface Split {
  readonly parts: readonly Part[];
  /** Whether the parts' scores are logits: asked for where they must be compared across parts. */
  readonly logits: boolean;
}

/**
 * Writes the bodies of a call, in one part if it fits the limits and otherwise in as few as do, of nearly equal size.
 *
 * Parts ask for logits: sigmoids of different large logits are the same double, so by them the merged order could
 * differ from the order of one request.
 * @throws PayloadTooLargeError when one document alone does not fit
 */
export function splitRequest(
  content: RequestContent,
  options: { readonly topN?: number; readonly rawScores: boolean },
  limits: PartLimits,
): Split {
  const documents = content.texts.map((text) => JSON.stringify(text));
  const sizes = documents.map((json) => Buffer.byteLength(json));
  const { topN, rawScores } = options;
  const whole = envelope(content.query, topN, rawScores);
  const size = bodyBytes(whole, sizes);
  if (size <= limits.bytes && sizes.length <= limits.documents) {
    return { parts: [part(documents, 0, content.query, options)], logits: rawScores };
  }
  // top_n of a part is at most that of the call, in digits too.
  const room = limits.bytes - bodyBytes(envelope(content.query, topN, true), []);
  const ranges = balance(sizes, { bytes: room, documents: limits.documents }, (index) => {
    const bytes = limits.bytes - room + sizes[index]!;
    return new PayloadTooLargeError(
      sizes.length === 1
        ? `the request body has ${size} bytes where the endpoint takes ${limits.bytes}, and holds one document only: shorten it or the query`
        : `documents[${index}] and the query make a request body of ${bytes} bytes where the endpoint takes ${limits.bytes}: shorten them`,
      { bytes: sizes.length === 1 ? size : bytes, limitBytes: limits.bytes },
    );
  });
  const logits = { ...options, rawScores: true };
  return {
    parts: ranges.map(({ start, end }) => part(documents.slice(start, end), start, content.query, logits)),
    logits: true,
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Cuts where the greedy split would need as many parts, with the smallest largest part that allows it. */
function balance(sizes: readonly number[], limits: PartLimits, tooLarge: (index: number) => Error): Range[] {
  const needed = greedy(sizes, limits, tooLarge).length;
  // Parts of equal count and of equal bytes cannot both be had; bytes follow the time that scoring takes.
  const fits = (bytes: number): boolean => greedy(sizes, { ...limits, bytes }, tooLarge).length <= needed;
  let low = sizes.reduce((largest, size) => Math.max(largest, size), 0);
  let high = limits.bytes;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return greedy(sizes, { ...limits, bytes: low }, tooLarge);
}

function greedy(sizes: readonly number[], limits: PartLimits, tooLarge: (index: number) => Error): Range[] {
  const ranges: Range[] = [];
  let start = 0;
  let bytes = 0;
  for (const [index, size] of sizes.entries()) {
    if (size > limits.bytes) throw tooLarge(index);
    const comma = index === start ? 0 : 1;
    if (bytes + comma + size > limits.bytes || index - start === limits.documents) {
      ranges.push({ start, end: index });
      start = index;
      bytes = size;
    } else bytes += comma + size;
  }
  ranges.push({ start, end: sizes.length });
  return ranges;
}

function part(
  documents: readonly string[],
  start: number,
  query: string,
  options: { readonly topN?: number; readonly rawScores: boolean },
): Part {
  const expected = Math.min(options.topN ?? documents.length, documents.length);
  const topN = expected < documents.length ? expected : undefined;
  const { head, tail } = envelope(query, topN, options.rawScores);
  return {
    start,
    documents: documents.length,
    expected,
    body: Buffer.from(`${head}${documents.join(',')}${tail}`),
  };
}

interface Envelope {
  readonly head: string;
  readonly tail: string;
}

/** The body around the documents, which are written once and then only joined. */
function envelope(query: string, topN: number | undefined, rawScores: boolean): Envelope {
  const { documents, ...rest } = {
    query,
    documents: [],
    ...(topN !== undefined && { top_n: topN }),
    return_documents: false,
    ...(rawScores && { raw_scores: true }),
  } satisfies RerankRequestBody;
  const json = JSON.stringify({ ...rest, documents });
  return { head: json.slice(0, -2), tail: json.slice(-2) };
}

function bodyBytes({ head, tail }: Envelope, sizes: readonly number[]): number {
  const commas = Math.max(sizes.length - 1, 0);
  return Buffer.byteLength(head) + Buffer.byteLength(tail) + commas + sizes.reduce((sum, n) => sum + n, 0);
}

// What the container says to a body, a number of documents or a number of tokens that is over its limit.
const TOO_MUCH: ReadonlySet<string> = new Set(['payload_too_large', 'too_many_documents', 'too_many_tokens']);

/**
 * The limits to try next when the endpoint refused a part for its size, for its limits may be lower than the
 * client's; undefined when the failure is another or the part cannot be cut.
 */
export function smallerLimits({ parts }: Split, limits: PartLimits, error: unknown): PartLimits | undefined {
  const largest = parts.reduce((most, { documents }) => Math.max(most, documents), 0);
  if (largest === 1) return undefined;
  const half = Math.ceil(largest / 2);
  if (PayloadTooLargeError.isInstance(error)) return { ...limits, documents: half };
  const refusal = ModelError.isInstance(error) ? error.containerError : undefined;
  if (!refusal || !TOO_MUCH.has(refusal.code)) return undefined;
  const { limit } = refusal.details;
  const exact = refusal.code === 'too_many_documents' && Number.isSafeInteger(limit) && Number(limit) >= 1;
  return { ...limits, documents: exact ? Math.min(Number(limit), largest - 1) : half };
}
