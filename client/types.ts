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

export type RerankRequest<T, R extends boolean = true> = TextSelector<T> & {
  readonly query: string;
  /** At least one; any type, only its text is sent. */
  readonly documents: readonly T[];
  /** Number of results wanted, best first, at least 1. Default all. */
  readonly topN?: number;
  /** Whether each result carries its document. They come from the request, not over the wire. Default true. */
  readonly returnDocuments?: R;
  /** Gives up the call; its reason becomes the `cause` of the AbortedError. */
  readonly signal?: AbortSignal;
  /** Milliseconds from now within which the whole call must be done. Default the client's. */
  readonly deadlineMs?: number;
};

/** Place of a document in the ranking. */
export interface Ranking {
  /** Position of the document in the request, from 0. */
  readonly index: number;
  /** Sigmoid of the model's logit, 0..1. */
  readonly relevanceScore: number;
}

/** Ranking with the caller's own document, unless the request said `returnDocuments: false`. */
export type RerankResult<T, R extends boolean = true> = R extends false
  ? Ranking
  : Ranking & { readonly document: T };

export interface RerankResponse<T, R extends boolean = true> {
  /** Highest score first; equal scores keep the order of the request. */
  readonly results: readonly RerankResult<T, R>[];
  /** Name of the model that ranked. */
  readonly model: string;
  readonly usage: {
    /** Tokens of all pairs, special tokens included. */
    readonly totalTokens: number;
  };
  /** Request id of the service, for a support case. */
  readonly requestId?: string;
}
