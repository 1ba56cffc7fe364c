import type { RerankerError } from './errors/index.js';
import type { FusionOptions } from './fusion.js';
import type { InvocationOptions } from './transport/transport.js';

/** A document that carries its text in the usual place. */
export interface TextDocument {
  readonly text: string;
}

/** Where the text of a document of type `T` is found: a selector, required unless the type itself says. */
export type TextSelector<T> = [T] extends [string | TextDocument]
  ? {
      /** Text of a document; default the string itself or its field `text`. */
      readonly text?: (document: T) => string;
    }
  : {
      /** Text of a document: required, as documents of this type are neither strings nor have a `text` string. */
      readonly text: (document: T) => string;
    };

/** What a call gives when the endpoint is unavailable: its error, or the documents in the order they came. */
export type OnUnavailable = 'throw' | 'passthrough';

/** What a call of either kind takes. */
export type RequestBase<T, R extends boolean = true> = TextSelector<T> &
  InvocationOptions & {
    readonly query: string;
    /** At least one; any type, only its text is sent. */
    readonly documents: readonly T[];
    /** Least score of a result, in the unit of the scores: 0..1, or a logit with `rawScores`. Default none. */
    readonly threshold?: number;
    /** Scores as the model's logits instead of their sigmoid. Default false. */
    readonly rawScores?: boolean;
    /** Whether each result carries its document. They come from the request, not over the wire. Default true. */
    readonly returnDocuments?: R;
    /** Gives up the call; its reason becomes the `cause` of the AbortedError. */
    readonly signal?: AbortSignal;
    /** Milliseconds from now within which the whole call, retries included, must be done. Default the client's. */
    readonly deadlineMs?: number;
  };

export type RerankRequest<
  T,
  R extends boolean = true,
  V extends OnUnavailable | undefined = undefined,
> = RequestBase<T, R> & {
  /** Number of results wanted, best first, at least 1. Default all. */
  readonly topN?: number;
  /**
   * Scores of the search that found the documents, one a document, higher is better, any scale. With them the answer is
   * the fusion of both rankings. All documents of the search must be in the call.
   */
  readonly firstStageScores?: readonly number[];
  /** How to fuse. With `reciprocal-rank` and no `firstStageScores` the order of the documents is the first stage's. */
  readonly fusion?: FusionOptions;
  /** Default the client's. */
  readonly onUnavailable?: V;
};

/** A streamed call has no `topN` and no fusion: both are known only when all documents are scored. */
export type StreamRequest<T, R extends boolean = true> = RequestBase<T, R> & {
  readonly topN?: never;
  readonly firstStageScores?: never;
  readonly fusion?: never;
};

/** Place of a document in the ranking. */
export interface Ranking {
  /** Position of the document in the request, from 0. */
  readonly index: number;
  /** Sigmoid of the model's logit, 0..1; the logit itself with `rawScores`. */
  readonly relevanceScore: number;
  /** The score that orders the results of a fused call; see {@link fuseScores}. A threshold is still one of `relevanceScore`. */
  readonly fusedScore?: number;
}

/** Ranking with the caller's own document, unless the request said `returnDocuments: false`. */
export type RerankResult<T, R extends boolean = true> = R extends false
  ? Ranking
  : Ranking & { readonly document: T };

export interface RerankResponse<T, R extends boolean = true> {
  /** False: ranked by the model. */
  readonly degraded: false;
  /** Highest score first, the fused one in a fused call; equal scores keep the order of the request. */
  readonly results: readonly RerankResult<T, R>[];
  /** Name of the model that ranked. */
  readonly model: string;
  readonly usage: {
    /** Tokens of all pairs, special tokens included. */
    readonly totalTokens: number;
  };
  /** Request ids of the service, for a support case: one a request that the call was split into. */
  readonly requestIds: readonly string[];
  /** Custom attributes that the container set, of the first request that has some. */
  readonly customAttributes?: string;
}

interface Unranked {
  readonly index: number;
  readonly relevanceScore?: undefined;
}

/** A document that was not ranked: it has no score. */
export type PassthroughResult<T, R extends boolean = true> = R extends false
  ? Unranked
  : Unranked & { readonly document: T };

/** The answer of a call with `onUnavailable: 'passthrough'` whose endpoint was unavailable. */
export interface PassthroughResponse<T, R extends boolean = true> {
  /** True: nothing was ranked. */
  readonly degraded: true;
  /** The first `topN` documents in the order of the request; a threshold has no effect on them. */
  readonly results: readonly PassthroughResult<T, R>[];
  /** Why. */
  readonly reason: RerankerError;
}

/**
 * What a call resolves with: `V` is what its request says of unavailability, `U` what its client says.
 * Only where 'passthrough' is among them can the answer be a {@link PassthroughResponse}.
 */
export type RerankAnswer<
  T,
  R extends boolean = true,
  V extends OnUnavailable | undefined = undefined,
  U extends OnUnavailable = 'throw',
> = 'passthrough' extends (V extends undefined ? U : V)
  ? RerankResponse<T, R> | PassthroughResponse<T, R>
  : RerankResponse<T, R>;
