import { HttpTransport, ModelError, SageMakerTransport } from '@sagemaker-reranker/client';
import { clientTarget, failureOf } from '../../../cost/src/measure/target.js';
import { answerTo, startService, type Handler, type Service } from '../../client/support/service.js';
import { queryOf } from './support/single-server.js';

let service: Service;
afterEach(() => service.close());

const { signal } = new AbortController();
const query = queryOf(10);
const over = async (handle: Handler, timeoutMs = 5_000): Promise<ReturnType<typeof clientTarget>> => {
  service = await startService(handle);
  return clientTarget(new HttpTransport({ url: service.url }), timeoutMs);
};
const refusal =
  (status: number, code: string): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code, message: 'no', details: {} } }));
  };

test('an answer gives the tokens that the endpoint counted', async () => {
  const target = await over((_request, response, body) => void response.end(answerTo(body)));
  expect(await target.send(query, signal)).toBe(2);
  target.close();
});

test.each([
  [429, 'overloaded', { throttled: true, code: 'model_error:overloaded' }],
  [503, 'not_ready', { throttled: true, code: 'model_error:not_ready' }],
  [500, 'inference_failed', { throttled: false, code: 'model_error:inference_failed' }],
  [502, '', { throttled: false, code: 'internal_failure' }],
])('status %i %s is a counted failure, sent once', async (status, code, failure) => {
  let requests = 0;
  const target = await over((request, response, body) => {
    requests += 1;
    return status === 502
      ? void response.writeHead(502).end('bad gateway')
      : refusal(status, code)(request, response, body);
  });
  const error: unknown = await target.send(query, signal).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual(failure);
  expect(requests).toBe(1);
});

test('an endpoint that hangs fails by the timeout', async () => {
  const target = await over(() => undefined, 200);
  const error: unknown = await target.send(query, signal).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({ throttled: false, code: 'timeout' });
});

test('a connection that breaks is a failure', async () => {
  const target = await over((request) => void request.socket.destroy());
  const error: unknown = await target.send(query, signal).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({ throttled: false, code: 'network_error' });
});

test('throttling by the SageMaker Runtime API is one too', async () => {
  service = await startService((_request, response) => {
    response.writeHead(429, {
      'x-amzn-errortype': 'ThrottlingException',
      'content-type': 'application/json',
    });
    response.end('{"Message":"Rate exceeded"}');
  });
  const target = clientTarget(new SageMakerTransport({ endpointName: 'e', endpoint: service.url }), 5_000);
  const error: unknown = await target.send(query, signal).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toEqual({ throttled: true, code: 'throttled' });
  target.close();
});

test('waking up takes several tries', async () => {
  let requests = 0;
  const target = await over((request, response, body) => {
    requests += 1;
    return requests < 3
      ? refusal(503, 'not_ready')(request, response, body)
      : void response.end(answerTo(body));
  });
  expect(await target.wake(query, signal)).toBe(2);
  expect(requests).toBe(3);
});

test('a request that is wrong in itself ends the measurement', async () => {
  const target = await over(refusal(422, 'input_too_long'));
  const error: unknown = await target.send(query, signal).catch((thrown: unknown) => thrown);
  expect(() => failureOf(error)).toThrow(ModelError);
  expect(() => failureOf(new TypeError('bug'))).toThrow('bug');
});

test("an abort rejects with the caller's reason", async () => {
  const target = await over(() => stop.abort(new Error('interrupted')));
  const stop = new AbortController();
  await expect(target.send(query, stop.signal)).rejects.toThrow('interrupted');
});
