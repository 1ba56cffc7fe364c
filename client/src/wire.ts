/**
 * The Jina rerank format as this project's container reads and writes it: the format the client speaks.
 * Source: the Jina API `/v1/rerank` reference. Other formats live with the container's codecs.
 */

/** Body of `POST /invocations`, `application/json`. */
export interface RerankRequestBody {
  readonly model?: string;
  readonly query: string | { readonly text: string };
  readonly documents: readonly (string | { readonly text: string })[];
  /** Number of results wanted, best first; all when absent. */
  readonly top_n?: number;
  /** Whether each result carries its document's text. Default true, as at Jina. */
  readonly return_documents?: boolean;
  /** Whether `relevance_score` is the raw logit instead of its sigmoid. Default false. */
  readonly raw_scores?: boolean;
}

export interface RerankResultBody {
  /** Position of the document in the request, from 0. */
  readonly index: number;
  /** Sigmoid of the logit, 0..1; the logit itself with `raw_scores`. */
  readonly relevance_score: number;
  readonly document?: { readonly text: string };
}

/** Milliseconds of the stages of a request; `model` is the part of `inference` that the model itself took. */
export interface StageTimings {
  readonly tokenize: number;
  readonly queue: number;
  readonly inference: number;
  readonly model: number;
}

export interface RerankResponseBody {
  readonly model: string;
  readonly usage: { readonly total_tokens: number };
  /** Highest score first; equal scores keep the order of the request. */
  readonly results: readonly RerankResultBody[];
}

/**
 * A streamed answer, `application/jsonlines`, to a request that accepts it: one line a document, as each is scored and
 * so in no order, then one {@link RerankStreamEndBody}; an {@link ErrorBody} in its place where scoring failed on the
 * way. `top_n` has no effect: it needs all scores.
 */
export type RerankStreamLine = RerankResultBody | RerankStreamEndBody | ErrorBody;

/** Last line of a whole stream. */
export interface RerankStreamEndBody {
  readonly model: string;
  readonly usage: { readonly total_tokens: number };
  /** What the header Server-Timing says of a whole answer: a stream's headers are sent before it is known. */
  readonly timings: StageTimings;
}

/** The one error shape of the whole project. */
export interface ErrorBody {
  readonly error: {
    /** Stable, machine-readable; the table is in docs/api.md. */
    readonly code: string;
    readonly message: string;
    /** With `retry_after`, seconds, where a retry is worth it: SageMaker does not pass the Retry-After header on. */
    readonly details: Readonly<Record<string, unknown>>;
  };
}
