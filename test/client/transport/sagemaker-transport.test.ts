import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import {
  RerankerClient,
  type RerankerClientOptions,
  RerankerError,
  ValidationError,
} from '@sagemaker-reranker/client';

// A service that answers what it is told, in the shapes AWS gives: over real sockets and the real SDK.
let service: Server;
let url: string;
let reply: { status: number; headers?: Record<string, string>; body: string; hangUp?: boolean };
let received = 0;
let connections = 0;
let seen: { path: string; headers: IncomingHttpHeaders; body: string } | undefined;

beforeAll(async () => {
  service = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received += 1;
      seen = { path: request.url ?? '', headers: request.headers, body };
      if (reply.hangUp) request.socket.destroy();
      else {
        const headers = { 'x-amzn-requestid': 'request-1', 'content-type': 'application/json' };
        response.writeHead(reply.status, { ...headers, ...reply.headers }).end(reply.body);
      }
    });
  }).listen(0, '127.0.0.1');
  service.on('connection', () => (connections += 1));
  await once(service, 'listening');
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const runtimeFor = (endpoint: string) =>
  new SageMakerRuntimeClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });

async function failureOf(client: RerankerClient): Promise<RerankerError> {
  const error: unknown = await client
    .rerank({ query: 'q', documents: ['a'] })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RerankerError);
  client.close();
  return error as RerankerError;
}

describe('a call', () => {
  it('posts JSON to the endpoint, signed for SageMaker, and gives back the request id', async () => {
    reply = {
      status: 200,
      body: '{"model":"m","usage":{"total_tokens":4},"results":[{"index":0,"relevance_score":0.5}]}',
    };
    const client = new RerankerClient({ endpointName: 'my-endpoint', endpoint: url });
    const response = await client.rerank({ query: 'q', documents: [{ text: 'a', id: 1 }] });
    client.close();

    expect(response).toEqual({
      degraded: false,
      results: [{ index: 0, relevanceScore: 0.5, document: { text: 'a', id: 1 } }],
      model: 'm',
      usage: { totalTokens: 4 },
      requestIds: ['request-1'],
    });
    expect(seen!.path).toBe('/endpoints/my-endpoint/invocations');
    expect(seen!.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: expect.stringContaining('/us-east-1/sagemaker/aws4_request') as string,
    });
    expect(JSON.parse(seen!.body)).toEqual({ query: 'q', documents: ['a'], return_documents: false });
  });

  it('goes over a connection that is kept alive', async () => {
    const client = new RerankerClient({ endpointName: 'e', endpoint: url });
    connections = 0;
    for (let i = 0; i < 5; i += 1) await client.rerank({ query: 'q', documents: ['a'] });
    client.close();
    expect(connections).toBe(1);
  });

  it('carries what routes it, of the call before that of the client, and what the container sets', async () => {
    reply = {
      status: 200,
      headers: { 'x-amzn-sagemaker-custom-attributes': 'served=b' },
      body: '{"model":"m","usage":{"total_tokens":4},"results":[{"index":0,"relevance_score":0.5}]}',
    };
    const client = new RerankerClient({
      endpointName: 'e',
      endpoint: url,
      inferenceComponentName: 'tiny-component',
      customAttributes: 'trace=0',
    });
    const { customAttributes } = await client.rerank({
      query: 'q',
      documents: ['a'],
      targetModel: 'tiny.tar.gz',
      targetVariant: 'green',
      inferenceId: 'id 1',
      customAttributes: 'trace=1',
    });
    client.close();
    expect(customAttributes).toBe('served=b');
    expect(seen!.headers).toMatchObject({
      'x-amzn-sagemaker-target-model': 'tiny.tar.gz',
      'x-amzn-sagemaker-target-variant': 'green',
      'x-amzn-sagemaker-inference-component': 'tiny-component',
      'x-amzn-sagemaker-inference-id': 'id 1',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
    });
  });

  it('goes through a client of the caller, which close() leaves open', async () => {
    const runtime = runtimeFor(url);
    const client = new RerankerClient({ endpointName: 'e', runtime, retry: false });
    client.close();
    await client.rerank({ query: 'q', documents: ['a'] });
    expect(seen!.headers.authorization).toContain('/eu-west-1/sagemaker/aws4_request');
    runtime.destroy();
  });
});

describe('errors of the service', () => {
  const typed = (type: string) => ({ 'x-amzn-errortype': type });

  it.each([
    ['ThrottlingException', 400, 'Rate exceeded', 'ThrottledError', 'throttled', true],
    ['TooManyRequestsException', 429, 'Slow down', 'ThrottledError', 'throttled', true],
    ['ModelNotReadyException', 429, 'Loading', 'UnavailableError', 'model_not_ready', true],
    ['ServiceUnavailable', 503, 'Later', 'UnavailableError', 'service_unavailable', true],
    ['InternalFailure', 500, 'Oops', 'UnavailableError', 'internal_failure', true],
    ['InternalDependencyException', 530, 'Oops', 'UnavailableError', 'internal_failure', true],
    ['AccessDeniedException', 403, 'not authorized', 'AccessDeniedError', 'access_denied', false],
    ['ExpiredTokenException', 403, 'expired', 'AccessDeniedError', 'access_denied', false],
    ['UnrecognizedClientException', 403, 'invalid token', 'AccessDeniedError', 'access_denied', false],
    [
      'ValidationError',
      400,
      'Endpoint e of account 111122223333 not found.',
      'EndpointNotFoundError',
      'endpoint_not_found',
      false,
    ],
    ['UnknownOperationException', 404, 'no', 'EndpointNotFoundError', 'endpoint_not_found', false],
    [
      'ValidationError',
      400,
      'Request 1 has oversize body.',
      'PayloadTooLargeError',
      'payload_too_large',
      false,
    ],
    [
      'ValidationError',
      400,
      "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to 6291456",
      'PayloadTooLargeError',
      'payload_too_large',
      false,
    ],
    ['ValidationError', 400, 'Inspect your request', 'ValidationError', 'invalid_request', false],
    [
      'ValidationError',
      400,
      'Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress',
      'UnavailableError',
      'no_capacity',
      true,
    ],
    ['SomethingNew', 418, 'teapot', 'RerankerError', 'unexpected', false],
  ])('%s %i "%s" becomes %s', async (type, status, message, name, code, retryable) => {
    reply = { status, headers: typed(type), body: JSON.stringify({ Message: message }) };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
    );
    expect(error).toMatchObject({ name, code, retryable, status, requestId: 'request-1' });
    expect(error.message).toContain(message);
    expect(error.cause).toMatchObject({ $metadata: { httpStatusCode: status } });
  });

  it('Retry-After becomes retryAfterMs, in seconds or as a date', async () => {
    for (const [header, least, most] of [
      ['7', 7_000, 7_000],
      [new Date(Date.now() + 60_000).toUTCString(), 50_000, 60_000],
    ] as const) {
      reply = {
        status: 429,
        headers: { ...typed('ThrottlingException'), 'retry-after': header },
        body: '{"Message":"slow"}',
      };
      const error = await failureOf(
        new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
      );
      expect(error.retryAfterMs).toBeGreaterThanOrEqual(least);
      expect(error.retryAfterMs).toBeLessThanOrEqual(most);
    }
  });

  it('are tried again by this client alone: a request is sent so often as it says', async () => {
    reply = { status: 503, headers: typed('ServiceUnavailable'), body: '{"Message":"later"}' };
    received = 0;
    const retry = { maxAttempts: 3, baseDelayMs: 1 };
    const error = await failureOf(new RerankerClient({ endpointName: 'e', endpoint: url, retry }));
    expect(error.code).toBe('service_unavailable');
    expect(received).toBe(3);
  });

  it('an untyped 413 becomes PayloadTooLargeError', async () => {
    reply = { status: 413, body: '{"message":"HTTP content length exceeded 5246976 bytes."}' };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
    );
    expect(error).toMatchObject({ name: 'PayloadTooLargeError', status: 413 });
    expect(error.message).toContain('5246976 bytes');
  });

  it('ModelError keeps status, message, error body and log stream of the container', async () => {
    const original = JSON.stringify({ error: { code: 'overloaded', message: 'queue full', details: {} } });
    reply = {
      status: 424,
      headers: typed('ModelError'),
      body: JSON.stringify({
        Message: 'Received client error (429) from primary with message ...',
        OriginalStatusCode: 429,
        OriginalMessage: original,
        LogStreamArn: 'arn:aws:logs:eu-west-1:1:log-group:g',
      }),
    };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
    );
    expect(error).toMatchObject({
      name: 'ModelError',
      code: 'model_error',
      status: 424,
      retryable: true,
      message: 'the container answered 429 overloaded: queue full',
      originalStatusCode: 429,
      originalMessage: original,
      containerError: { code: 'overloaded', message: 'queue full', details: {} },
      logStreamArn: 'arn:aws:logs:eu-west-1:1:log-group:g',
    });
  });

  it('an answer of a proxy in between becomes what its status says', async () => {
    reply = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
    );
    expect(error).toMatchObject({ name: 'UnavailableError', code: 'internal_failure', status: 502 });
  });

  it('a success that is no rerank answer becomes InvalidResponseError', async () => {
    reply = { status: 200, body: '{"predictions":[]}' };
    const error = await failureOf(new RerankerClient({ endpointName: 'e', endpoint: url }));
    expect(error).toMatchObject({ name: 'InvalidResponseError', code: 'invalid_response' });
  });
});

describe('no reply', () => {
  it('a broken connection becomes NetworkError', async () => {
    reply = { status: 200, body: '', hangUp: true };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', runtime: runtimeFor(url), retry: false }),
    );
    expect(error).toMatchObject({ name: 'NetworkError', retryable: true, status: undefined });
  });

  it('a refused connection becomes NetworkError', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const runtime = runtimeFor(`http://127.0.0.1:${port}`);
    const error = await failureOf(new RerankerClient({ endpointName: 'e', runtime, retry: false }));
    expect(error.name).toBe('NetworkError');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('credentials that cannot be had become AccessDeniedError', async () => {
    const credentials = async (): Promise<never> => {
      throw Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      });
    };
    const error = await failureOf(
      new RerankerClient({ endpointName: 'e', endpoint: url, region: 'eu-west-1', credentials }),
    );
    expect(error.name).toBe('AccessDeniedError');
    expect(error.message).toContain('Could not load credentials');
  });
});

describe('options', () => {
  it.each<[string, RerankerClientOptions]>([
    ['endpointName', { endpointName: '' }],
    ['endpointName', { endpointName: '../x' }],
    ['endpointName', { endpointName: 'a_b' }],
    ['endpointName', { endpointName: 'a'.repeat(64) }],
    ['endpoint', { endpointName: 'e', endpoint: 'localhost:8080' }],
    ['endpoint', { endpointName: 'e', endpoint: '' }],
    ['runtime', { endpointName: 'e', runtime: runtimeFor('http://127.0.0.1:1'), region: 'eu-west-1' }],
    ['deadlineMs', { endpointName: 'e', deadlineMs: NaN }],
    ['payloadLimitBytes', { endpointName: 'e', payloadLimitBytes: 0 }],
  ])('refuses a wrong %s', (path, options) => {
    let thrown: unknown;
    try {
      new RerankerClient(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ValidationError);
    expect((thrown as ValidationError).issues.map((issue) => issue.path)).toEqual([path]);
  });
});
