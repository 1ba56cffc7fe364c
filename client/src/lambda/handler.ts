import type { RerankerClientOptions } from '../options.js';
import { RerankerClient } from '../reranker-client.js';
import { AsyncEndpointTransport } from '../transport/async-transport.js';
import type { RerankResponse } from '../types.js';
import { answer, parseBody, refusal, type HttpAnswer, type HttpEvent } from './http.js';

/** What a function is invoked with: the client's request, as JSON. */
export interface RerankEvent {
  readonly query: string;
  /** Strings, or objects with a `text` field. */
  readonly documents: readonly (string | { readonly text: string })[];
  readonly topN?: number;
  readonly returnDocuments?: boolean;
}

/** The part of the Lambda context that is read. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export type Answer = RerankResponse<RerankEvent['documents'][number], boolean>;

/** Left to answer after the endpoint has not: the caller then learns why, which it would not from Lambda's own timeout. */
const RESERVE_MS = 500;

/** Settings of the function, from its environment; RerankerFunction sets them. */
export function clientOptions(env: NodeJS.ProcessEnv): RerankerClientOptions {
  const endpointName = env.RERANKER_ENDPOINT_NAME;
  if (!endpointName) throw new Error('RERANKER_ENDPOINT_NAME is not set: the endpoint to invoke');
  const place = {
    endpointName,
    endpoint: env.RERANKER_ENDPOINT_URL || undefined,
    // Without one, the function's own.
    region: env.RERANKER_REGION || undefined,
  };
  const inputLocation = env.RERANKER_INPUT_LOCATION;
  if (inputLocation) return { transport: new AsyncEndpointTransport({ ...place, inputLocation }) };
  return {
    ...place,
    payloadLimitBytes: env.RERANKER_PAYLOAD_LIMIT_BYTES
      ? Number(env.RERANKER_PAYLOAD_LIMIT_BYTES)
      : undefined,
    targetModel: env.RERANKER_TARGET_MODEL || undefined,
    inferenceComponentName: env.RERANKER_INFERENCE_COMPONENT || undefined,
  };
}

let client: RerankerClient | undefined;

/**
 * Reranks the documents of an event: invoked directly it answers with the ranking or throws, so that Lambda retries and
 * keeps what failed; behind an HTTP API it answers with a status and the one error shape.
 */
export async function handler(
  event: RerankEvent | HttpEvent,
  context: LambdaContext,
): Promise<Answer | HttpAnswer> {
  // Made once for an execution environment, so that its sockets are reused.
  client ??= new RerankerClient(clientOptions(process.env));
  const deadlineMs = Math.max(1, context.getRemainingTimeInMillis() - RESERVE_MS);
  if (!isHttp(event)) return rerank(client, event, deadlineMs);
  try {
    return answer(200, await rerank(client, parseBody(event) as RerankEvent, deadlineMs));
  } catch (error) {
    return refusal(error);
  }
}

function rerank(through: RerankerClient, event: RerankEvent, deadlineMs: number): Promise<Answer> {
  const { query, documents, topN, returnDocuments = true } = event;
  return through.rerank<RerankEvent['documents'][number], boolean>({
    query,
    documents,
    topN,
    returnDocuments,
    deadlineMs,
  });
}

function isHttp(event: RerankEvent | HttpEvent): event is HttpEvent {
  return 'requestContext' in event;
}
