import type { Truncation } from '../engine/index.js';
import type { RequestError } from '../errors.js';
import type { Fields } from './fields.js';

/** What every format is read into: the one request the engine knows. */
export interface RerankRequest {
  readonly query: string;
  readonly documents: readonly string[];
  /** Results wanted, best first; all when absent. */
  readonly topN?: number;
  readonly returnDocuments: boolean;
  /** Scores as logits instead of their sigmoid. */
  readonly rawScores: boolean;
  readonly truncation: Truncation;
  /** The documents as they came, where a format gives them back so. */
  readonly given?: readonly unknown[];
  /** Id of the record, where a format has one. */
  readonly id?: string;
}

/** What every format is written from. */
export interface RerankOutcome {
  /** Name of the model, from its manifest. */
  readonly model: string;
  readonly requestId: string;
  /** One logit a document, in the order of the request. */
  readonly logits: Float32Array;
  /** Tokens of each document's pair as scored, special tokens included. */
  readonly tokens: Uint32Array;
  readonly totalTokens: number;
  /** Tokens of the query and of each document alone, without special tokens. */
  readonly queryTokens: number;
  readonly documentTokens: Uint32Array;
  /** Milliseconds. */
  readonly timings: { readonly tokenize: number; readonly queue: number; readonly inference: number };
}

export interface CodecLimits {
  readonly maxDocuments: number;
}

/** An error as a format's own servers answer it. */
export interface EncodedError {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One wire format, JSON in and out. */
export interface Codec {
  readonly name: string;
  /** @throws RequestError 422, with the path of the field in its details. */
  decode(fields: Fields, limits: CodecLimits): RerankRequest;
  /** The answer, to be written as JSON. */
  encode(request: RerankRequest, outcome: RerankOutcome): object;
  /** For callers that were told the format: on its own route, or when they named it. */
  encodeError(error: RequestError, requestId: string): EncodedError;
  /** Headers the format's servers add to an answer. */
  headers?(request: RerankRequest, outcome: RerankOutcome): Readonly<Record<string, string>>;
}
