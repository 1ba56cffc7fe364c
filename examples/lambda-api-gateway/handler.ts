import { RerankerClient, RerankerError, ValidationError } from '@sagemaker-reranker/client';

/** What of an API Gateway HTTP API event (payload 2.0) is read, and what it answers. */
interface Event {
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
interface Search {
  readonly query: string;
  readonly documents: readonly { readonly id: string; readonly text: string }[];
}

// Outside the handler: connections are kept from one invocation to the next.
const client = new RerankerClient({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'reranker',
  // For a local endpoint; AWS's own without it.
  endpoint: process.env.RERANKER_ENDPOINT_URL,
  // API Gateway gives a function 29 s; a search should not take three.
  deadlineMs: 3_000,
  // A search page without reranking is better than none.
  onUnavailable: 'passthrough',
});

/** `POST /search` with `{ query, documents: [{ id, text }] }` answers the ids, best first. */
export async function handler(event: Event): Promise<Answer> {
  try {
    const { query, documents } = parse(event);
    const answer = await client.rerank({ query, documents, topN: 10 });
    const results = answer.results.map(({ document, relevanceScore }) => ({
      id: document.id,
      score: relevanceScore,
    }));
    return json(200, { reranked: !answer.degraded, results });
  } catch (error) {
    if (error instanceof SyntaxError) return failure(400, 'invalid_json', 'the body is not JSON');
    if (ValidationError.isInstance(error)) return failure(422, error.code, error.message);
    if (RerankerError.isInstance(error)) return failure(502, error.code, 'the reranker failed');
    throw error;
  }
}

function parse({ body = '', isBase64Encoded = false }: Event): Search {
  return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body) as Search;
}

function failure(statusCode: number, code: string, message: string): Answer {
  return json(statusCode, { error: { code, message, details: {} } });
}

function json(statusCode: number, body: unknown): Answer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
