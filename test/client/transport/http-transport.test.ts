import type { ServerResponse } from 'node:http';
import {
  HttpTransport,
  ModelError,
  NetworkError,
  RerankerClient,
  ValidationError,
} from '@sagemaker-reranker/client';
import { rejection } from '../support/codec-transport.js';
import { answerTo, startService, type Service } from '../support/service.js';

let service: Service;
const documents = ['a', 'b'];
beforeAll(async () => {
  service = await startService(() => undefined);
});
afterAll(() => service.close());
const clientOf = (options: object = {}) =>
  new RerankerClient({ transport: new HttpTransport({ url: `${service.url}/` }), retry: false, ...options });

it('posts to the container with headers and attributes, over connections kept alive', async () => {
  const seen: unknown[] = [];
  service.handle = (request, response, body) => {
    seen.push([request.url, request.headers]);
    response.writeHead(200, { 'x-request-id': 'id-1', 'x-amzn-sagemaker-custom-attributes': 'back' });
    response.end(answerTo(body));
  };
  const transport = new HttpTransport({ url: service.url, headers: { authorization: 'Bearer x' } });
  const client = new RerankerClient({ transport, customAttributes: 'trace=1' });
  const before = service.connections;
  for (let i = 0; i < 10; i += 1) {
    const answer = await client.rerank({ query: 'q', documents, inferenceId: 'call-1' });
    expect(answer).toMatchObject({ model: 'served', requestIds: ['id-1'], customAttributes: 'back' });
  }
  // Node may open a second while the first is still being freed.
  expect(service.connections - before).toBeLessThanOrEqual(2);
  expect(seen[0]).toEqual([
    '/invocations',
    expect.objectContaining({
      authorization: 'Bearer x',
      accept: 'application/json',
      'content-type': 'application/json',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
      'x-amzn-sagemaker-inference-id': 'call-1',
    }),
  ]);
});

it('asks a multi-model container for its model, and has no variants or components', async () => {
  let url: string | undefined;
  service.handle = (request, response, body) => {
    url = request.url;
    response.end(answerTo(body));
  };
  await clientOf({ targetModel: 'a/b.tar.gz' }).rerank({ query: 'q', documents });
  expect(url).toBe('/models/a%2Fb.tar.gz/invoke');
  const call = clientOf({ inferenceComponentName: 'c' }).rerank({ query: 'q', documents });
  expect(await rejection(call)).toBeInstanceOf(ValidationError);
});

it.each([
  [422, { code: 'invalid_request', message: 'query is empty', details: {} }, 'ModelError', false],
  [429, { code: 'overloaded', message: 'full', details: {} }, 'ModelError', true],
  [503, { code: 'not_ready', message: 'loading', details: {} }, 'ModelError', true],
  [413, { code: 'payload_too_large', message: 'too large', details: {} }, 'PayloadTooLargeError', false],
  [500, undefined, 'ModelError', false],
  [403, undefined, 'AccessDeniedError', false],
  [502, undefined, 'UnavailableError', true],
])('maps status %i with body %j to %s', async (status, error, name, retryable) => {
  service.handle = (_request, response) => {
    response.writeHead(status, { 'retry-after': '2', 'x-request-id': 'id-2' });
    response.end(error ? JSON.stringify({ error }) : '<html>');
  };
  const thrown = await rejection(clientOf().rerank({ query: 'q', documents: ['a'] }));
  expect(thrown).toMatchObject({ name, retryable, status, retryAfterMs: 2_000, requestId: 'id-2' });
  if (thrown instanceof ModelError) {
    expect(thrown.originalStatusCode).toBe(status);
    expect(thrown.containerError).toEqual(error);
  }
});

it('waits as long as Retry-After says before it tries again', async () => {
  let tries = 0;
  service.handle = (_request, response, body) => {
    tries += 1;
    if (tries === 1) response.writeHead(429, { 'retry-after': '1' }).end('{}');
    else response.end(answerTo(body));
  };
  const start = performance.now();
  await clientOf({ retry: {} }).rerank({ query: 'q', documents });
  expect(performance.now() - start).toBeGreaterThanOrEqual(995);
  expect(tries).toBe(2);
});

it.each<[string, (response: ServerResponse) => void]>([
  ['breaks', (response) => void response.destroy()],
  [
    'breaks off its answer',
    (response) => {
      response.writeHead(200, { 'content-length': 99 }).write('{', () => response.destroy());
    },
  ],
])('maps a connection that %s to NetworkError', async (_, act) => {
  service.handle = (_request, response) => act(response);
  const error = await rejection(clientOf().rerank({ query: 'q', documents }));
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ retryable: true });
});

it('frees its socket when the caller leaves', async () => {
  // The caller leaves when the request has arrived: earlier, there is no socket to free.
  const caller = new AbortController();
  const closed = new Promise<void>((resolve) => {
    service.handle = (_request, response) => {
      response.once('close', resolve);
      caller.abort();
    };
  });
  const call = clientOf().rerank({ query: 'q', documents, signal: caller.signal });
  expect(await rejection(call)).toMatchObject({ code: 'aborted' });
  await closed;
});

it('maps a refused connection to NetworkError and a wrong URL to ValidationError', async () => {
  const gone = await startService(() => undefined);
  await gone.close();
  const client = new RerankerClient({ transport: new HttpTransport({ url: gone.url }), retry: false });
  const error = await rejection(client.rerank({ query: 'q', documents }));
  expect(error).toBeInstanceOf(NetworkError);
  expect(error.message).toContain('ECONNREFUSED');
  expect(() => new HttpTransport({ url: 'localhost:8080' })).toThrow(ValidationError);
});
