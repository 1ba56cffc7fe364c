import {
  AbortedError,
  ModelError,
  PayloadTooLargeError,
  type RerankTransport,
  RerankerClient,
  TimeoutError,
  type TransportRequest,
} from '@sagemaker-reranker/client';
import type { LocalEndpoint } from '../../container/src/local/index.js';
import { startFailing } from '../container/local/harness.js';

async function failureOf<E>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    () => {
      throw new Error('the call was expected to fail');
    },
    (error: E) => error,
  );
}

describe('through the SDK, to an endpoint whose container fails', () => {
  let local: LocalEndpoint;
  let client: RerankerClient;
  const documents = ['a'];

  beforeAll(async () => {
    local = await startFailing({ payloadLimitBytes: 2048, invocationTimeoutMs: 5_000 });
    client = new RerankerClient({ endpointName: 'any', endpoint: local.url });
  });
  afterAll(async () => {
    client.close();
    await local.close();
  });

  it("carries the container's own error in ModelError", async () => {
    const body = '{"error":{"code":"too_many_documents","message":"at most 2","details":{"limit":2}}}';
    const error = await failureOf<ModelError>(client.rerank({ query: `status|422|${body}`, documents }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      status: 424,
      originalStatusCode: 422,
      retryable: false,
      containerError: { code: 'too_many_documents', message: 'at most 2', details: { limit: 2 } },
    });
    expect(error.logStreamArn).toContain('/aws/sagemaker/Endpoints/any');
  });

  it('gives up at the deadline', async () => {
    const call = client.rerank({ query: 'hang', documents, deadlineMs: 100 });
    expect(await failureOf(call)).toBeInstanceOf(TimeoutError);
  });

  it('gives up when the signal fires', async () => {
    const controller = new AbortController();
    const call = client.rerank({ query: 'hang', documents, signal: controller.signal });
    setImmediate(() => controller.abort(new Error('navigated away')));
    const error = await failureOf<AbortedError>(call);
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toEqual(new Error('navigated away'));
  });

  it('maps the refusal of a body that only the service finds too large', async () => {
    const error = await failureOf(client.rerank({ query: 'echo', documents: ['x'.repeat(3000)] }));
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ status: 413 });
  });

  it('returns the documents by identity, of a container that knows only their texts', async () => {
    const answer = {
      model: 'fake',
      usage: { total_tokens: 9 },
      results: [
        { index: 1, relevance_score: 0.75 },
        { index: 0, relevance_score: 0.25 },
      ],
    };
    const pages = [{ body: 'first' }, { body: 'second' }, { body: 'third' }];
    const query = `answer|${JSON.stringify(answer)}`;
    const { results } = await client.rerank({ query, documents: pages, text: (p) => p.body, topN: 2 });
    expect(results.map(({ index, relevanceScore }) => [index, relevanceScore])).toEqual([
      [1, 0.75],
      [0, 0.25],
    ]);
    expect(results[0]!.document).toBe(pages[1]);
  });
});

describe('through a transport of the caller', () => {
  const answerTo = (count: number): Uint8Array =>
    Buffer.from(
      JSON.stringify({
        model: 'm',
        usage: { total_tokens: count },
        results: Array.from({ length: count }, (_, index) => ({ index, relevance_score: 0.5 })),
      }),
    );

  it('sends nothing over the payload limit, counted in bytes', async () => {
    const sent: TransportRequest[] = [];
    const transport: RerankTransport = {
      invoke: async (request) => {
        sent.push(request);
        return { body: answerTo(1) };
      },
    };
    const request = { query: 'q', documents: ['\u00e9\u00e9'] };
    const bytes = Buffer.byteLength(
      JSON.stringify({ query: 'q', documents: request.documents, return_documents: false }),
    );
    await new RerankerClient({ transport, payloadLimitBytes: bytes }).rerank(request);
    expect(sent).toHaveLength(1);
    expect(sent[0]!.body.byteLength).toBe(bytes);

    const error = await failureOf(
      new RerankerClient({ transport, payloadLimitBytes: bytes - 1 }).rerank(request),
    );
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ bytes, limitBytes: bytes - 1, status: undefined });
    expect(sent).toHaveLength(1);
  });

  it('is not disturbed by a caller that changes its array meanwhile', async () => {
    const documents = ['a', 'b'];
    const transport: RerankTransport = {
      invoke: async () => {
        documents.length = 0;
        return { body: answerTo(2) };
      },
    };
    const { results } = await new RerankerClient({ transport }).rerank({ query: 'q', documents });
    expect(results.map((result) => result.document)).toEqual(['a', 'b']);
  });

  it('closes the transport', () => {
    let closed = 0;
    const transport: RerankTransport = {
      invoke: async () => ({ body: answerTo(1) }),
      close: () => void (closed += 1),
    };
    new RerankerClient({ transport }).close();
    expect(closed).toBe(1);
  });
});
