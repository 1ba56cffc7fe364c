import type { FusionOptions } from '../fusion.js';
import type { InvocationOptions } from '../transport/transport.js';
import type { OnUnavailable, RerankAnswer, RerankRequest } from '../types.js';

/** A client of either kind of unavailability, as far as adapters need one. */
export interface Reranker {
  rerank<T>(request: RerankRequest<T>): Promise<RerankAnswer<T, true, undefined, OnUnavailable>>;
}

/** What the framework adapters have in common. */
export interface AdapterOptions extends InvocationOptions {
  /** A `RerankerClient`. */
  readonly client: Reranker;
  /** Number of documents to keep. Default all. */
  readonly topN?: number;
  /** Least score of a document to keep, 0..1. Default none. */
  readonly threshold?: number;
  /** Fuses the reranker's ranking with that of the search before it. */
  readonly fusion?: FusionOptions;
  /** Milliseconds that a call may take. Default the client's. */
  readonly deadlineMs?: number;
}
