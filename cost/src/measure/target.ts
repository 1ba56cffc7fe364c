import { ModelError, type RerankTransport, RerankerClient, RerankerError } from '@sagemaker-reranker/client';
import type { Query } from './traffic.js';

/** Why a request was not answered. */
export interface Failure {
  /** Whether the endpoint refused it because it is full: 429, 503 or the service's own throttling. */
  readonly throttled: boolean;
  /** The client's error code, with the container's status or code where it gave one. */
  readonly code: string;
}

/** What is measured. */
export interface Target {
  /**
   * Sends one query, once: nothing is tried again.
   * @returns the tokens the endpoint counted over all pairs
   * @throws RerankerError; the signal's reason when it aborts.
   */
  send(query: Query, signal: AbortSignal): Promise<number>;
  /** The same with patience: an endpoint may have to wake up first. */
  wake(query: Query, signal: AbortSignal): Promise<number>;
  close(): void;
}

const WAKE_UP_MS = 600_000;
// More than any step has in flight: waiting must happen at the endpoint, where it is measured.
const UNLIMITED = 1_000_000;

/** A target behind a transport of the client. `timeoutMs` is what a request may take. */
export function clientTarget(transport: RerankTransport, timeoutMs: number): Target {
  const once = new RerankerClient({
    transport,
    deadlineMs: timeoutMs,
    concurrency: UNLIMITED,
    // What the endpoint does is measured, not what a client makes of it.
    retry: false,
    circuitBreaker: false,
  });
  const patient = new RerankerClient({
    transport,
    deadlineMs: WAKE_UP_MS,
    retry: { wakeUpMs: WAKE_UP_MS },
    circuitBreaker: false,
  });
  const through =
    (client: RerankerClient) =>
    async ({ query, documents }: Query, signal: AbortSignal): Promise<number> => {
      try {
        const { usage } = await client.rerank({ query, documents, returnDocuments: false, signal });
        return usage.totalTokens;
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
    };
  return { send: through(once), wake: through(patient), close: () => transport.close?.() };
}

// These say that the measurement itself is wrong, and every further request would be too.
const FATAL: ReadonlySet<string> = new Set([
  'invalid_request',
  'payload_too_large',
  'endpoint_not_found',
  'access_denied',
  'invalid_response',
  'unexpected',
]);
const FULL: ReadonlySet<string> = new Set([
  'throttled',
  'service_unavailable',
  'model_not_ready',
  'no_capacity',
]);
const FULL_STATUS: ReadonlySet<number | undefined> = new Set([429, 503]);

/** What a failed request counts as. @throws the error itself where going on makes no sense. */
export function failureOf(error: unknown): Failure {
  if (!RerankerError.isInstance(error) || FATAL.has(error.code)) throw error;
  if (!ModelError.isInstance(error)) {
    const throttled = FULL.has(error.code) || FULL_STATUS.has(error.status);
    return { throttled, code: error.code };
  }
  const status = error.originalStatusCode;
  // A request the container calls wrong is wrong every time.
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) throw error;
  return {
    throttled: FULL_STATUS.has(status),
    code: `${error.code}:${error.containerError?.code ?? status ?? 'no_answer'}`,
  };
}
