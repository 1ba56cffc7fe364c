import type { RerankerError } from './errors/index.js';
import type { CircuitState } from './policy/circuit-breaker.js';

/** One call of the client: the same object in all that is reported of it. */
export interface CallInfo {
  readonly operation: 'rerank' | 'stream';
  /** What the transport says it reaches: an endpoint's name or a URL. */
  readonly target: string;
  readonly documents: number;
}

/** One request as it is sent. */
export interface AttemptInfo {
  readonly call: CallInfo;
  /** From 1; counts the sendings of this request, of which a split call has several. */
  readonly attempt: number;
  readonly hedge: boolean;
  readonly bytes: number;
}

/** What happens within a call, besides its beginning and end. No event carries text of query or documents. */
export type ClientEvent =
  | { readonly type: 'split'; readonly call: CallInfo; readonly requests: number }
  | {
      readonly type: 'retry';
      readonly call: CallInfo;
      /** Number of the attempt to come, from 2. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: RerankerError;
    }
  | { readonly type: 'hedge'; readonly call: CallInfo }
  | {
      readonly type: 'ranked';
      readonly call: CallInfo;
      readonly model: string;
      readonly totalTokens: number;
      readonly requestIds: readonly string[];
    }
  | { readonly type: 'passthrough'; readonly call: CallInfo; readonly error: RerankerError }
  | { readonly type: 'circuit'; readonly state: CircuitState };

/**
 * Hooks around the client's work; `sagemaker-reranker/client/opentelemetry` implements them.
 * `call`, around each `rerank`, and `attempt`, around each request of either kind, wrap: they must run what they are given
 * exactly once and hand on how it settles.
 */
export interface Instrumentation {
  call?<V>(info: CallInfo, run: () => Promise<V>): Promise<V>;
  attempt?<V>(info: AttemptInfo, run: () => Promise<V>): Promise<V>;
  /** What it throws is ignored. */
  event?(event: ClientEvent): void;
}

/** Hands an event on without letting a broken hook break the call. */
export function emit(instrumentation: Instrumentation | undefined, event: ClientEvent): void {
  try {
    instrumentation?.event?.(event);
  } catch {
    // Observing must not change what is observed.
  }
}
