import type { Timings } from '../engine/index.js';
import type { RequestError } from '../errors.js';
import type { RequestOptions } from './options.js';
import type { CodecLimits, Schema, Shape } from './schema.js';
import type { Fields } from './text.js';

export type { CodecLimits } from './schema.js';

/** What every format is read into: the one request the engine knows. */
export interface RerankRequest extends RequestOptions {
  /** The query, or one for each document where a format gives each its own. */
  readonly query: string | readonly string[];
  readonly documents: readonly string[];
  /** Results wanted, best first; all when absent. */
  readonly topN?: number;
  readonly returnDocuments: boolean;
  /** The documents as they came, where a format gives them back so. */
  readonly given?: readonly unknown[];
  /** The request is one pair outside a list, and so is its answer. */
  readonly alone?: boolean;
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
  readonly timings: Timings;
}

/** An error as a format's own servers answer it. */
export interface EncodedError {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One wire format, JSON in and out. A new one is a file beside this, and a line in formats.ts. */
export interface Codec {
  readonly name: string;
  /** The name under which this project's documentation and users know the format's owner. */
  readonly owner: string;
  /** Fields that no other format has: a body with one of them on /invocations is of this one. */
  readonly marks: readonly string[];
  /** Whether a body that has none of the marks is of this format. */
  readonly detect?: (fields: Fields) => boolean;
  /** The owner's own routes, each with the fields by which this format is told from others there. */
  readonly routes?: Readonly<Record<string, readonly string[]>>;
  /** The request's fields. A field that another format has and this one has not is refused. */
  readonly request: Shape;
  readonly example: Fields;
  readonly answer: Schema;
  readonly error: Schema;
  /** @throws RequestError 422, with the path of the field in its details. */
  decode(fields: Fields, limits: CodecLimits): RerankRequest;
  /** The answer, to be written as JSON. */
  encode(request: RerankRequest, outcome: RerankOutcome): object;
  /** For callers that were told the format: on its own route, or when they named it. */
  encodeError(error: RequestError, requestId: string): EncodedError;
  /** Headers the format's servers add to an answer. */
  headers?(request: RerankRequest, outcome: RerankOutcome): Readonly<Record<string, string>>;
}
