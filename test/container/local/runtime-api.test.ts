import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  ModelError,
  SageMakerRuntimeClient,
  ValidationError,
} from '@aws-sdk/client-sagemaker-runtime';
import type { LocalEndpoint } from '../../../container/src/local/index.js';
import { send, startFailing } from './harness.js';

let local: LocalEndpoint;
let sdk: SageMakerRuntimeClient;

beforeAll(async () => {
  local = await startFailing({ payloadLimitBytes: 4096, invocationTimeoutMs: 300, streamTimeoutMs: 300 });
  sdk = new SageMakerRuntimeClient({
    endpoint: local.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  sdk.destroy();
  await local.close();
});

const invocations = (name = 'any-endpoint'): string => `${local.url}/endpoints/${name}/invocations`;
const body = (query: string): string => JSON.stringify({ query });
const invoke = (query: string) =>
  sdk.send(
    new InvokeEndpointCommand({
      EndpointName: 'any-endpoint',
      ContentType: 'application/json',
      Body: Buffer.from(body(query)),
    }),
  );

async function failure<E extends Error>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    () => {
      throw new Error('the call was expected to fail');
    },
    (error: E) => error,
  );
}

describe('what Node refuses with an empty answer', () => {
  it.each([
    ['no Host header', 'GET /ping HTTP/1.1\r\n\r\n', /"message":"the request has no Host header/i],
    ['no HTTP', 'hello\r\n\r\n', /"code":"malformed_request"/],
    [
      'headers of 20 KB',
      `GET /ping HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      /"code":"headers_too_large"/,
    ],
  ])('%s: the answer says so', async (_, request, said) => {
    const socket = connect(local.port, '127.0.0.1');
    socket.end(request);
    expect(await text(socket)).toMatch(said);
  });
});

describe('invocations', () => {
  it('passes body, media types, custom attributes and inference id, and strips the rest', async () => {
    const output = await sdk.send(
      new InvokeEndpointCommand({
        EndpointName: 'Some-Endpoint-7',
        ContentType: 'application/json',
        Accept: 'application/jsonlines',
        CustomAttributes: 'trace=1',
        InferenceId: 'id-1',
        TargetVariant: 'Green',
        InferenceComponentName: 'component-1',
        Body: Buffer.from('[1, 2]'),
      }),
    );

    const seen = JSON.parse(output.Body.transformToString()) as {
      url: string;
      headers: Record<string, string>;
      bytes: number;
    };
    expect(seen.url).toBe('/invocations');
    expect(seen.bytes).toBe(6);
    expect(Object.keys(seen.headers).sort()).toEqual([
      'accept',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-amzn-sagemaker-custom-attributes',
      'x-amzn-sagemaker-inference-id',
    ]);
    expect(seen.headers).toMatchObject({
      accept: 'application/jsonlines',
      'content-type': 'application/json',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
      'x-amzn-sagemaker-inference-id': 'id-1',
    });
    expect(output.CustomAttributes).toBe('seen trace=1');
    expect(output.InvokedProductionVariant).toBe('Green');
    expect(output.ContentType).toBe('application/json; charset=utf-8');
    expect(output.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers custom attributes only if the container set them, and none of its other headers', async () => {
    const answer = await send(invocations(), { body: '{}' });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-amzn-sagemaker-custom-attributes');
    expect(answer.headers).not.toHaveProperty('server');
    expect(answer.headers['x-amzn-invoked-production-variant']).toBe('AllTraffic');
  });

  it.each([
    [422, 'client', '{"error":{"code":"invalid_request","message":"query is missing","details":{}}}'],
    [500, 'server', 'boom'],
    [302, 'server', 'elsewhere'],
  ])('turns a container answer %i into ModelError', async (status, side, text) => {
    const error = await failure<ModelError>(invoke(`status|${status}|${text}`));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.$metadata.httpStatusCode).toBe(424);
    expect(error.OriginalStatusCode).toBe(status);
    expect(error.OriginalMessage).toBe(text);
    expect(error.message).toContain(`Received ${side} error (${status}) from primary with message "${text}"`);
    expect(error.LogStreamArn).toMatch(
      /^arn:aws:logs:.*:log-group:\/aws\/sagemaker\/Endpoints\/any-endpoint:log-stream:AllTraffic\/i-/,
    );
  });

  it('shortens the original message to the 2,048 characters of its shape', async () => {
    const error = await failure<ModelError>(invoke(`status|500|${'x'.repeat(3000)}`));
    expect(error.OriginalMessage).toBe('x'.repeat(2048));
    expect(error.message).toContain('could not load the entire response body');
  });

  it.each([
    ['breaks off its answer', 'break', 200, 'could not load the entire response body'],
    ['answers more than the limit', 'flood|5000', 200, 'could not load the entire response body'],
    ['does not answer in time', 'hang', 0, 'Your invocation timed out'],
  ])('gives ModelError when the container %s', async (_, query, original, message) => {
    const error = await failure<ModelError>(invoke(query));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.OriginalStatusCode).toBe(original);
    expect(error.message).toContain(message);
  });

  it.each(['bad_name', '-x', 'x-', 'a%20b', 'a'.repeat(64), '%', ''])(
    'refuses the endpoint name "%s" as AWS does',
    async (name) => {
      const answer = await send(invocations(name), { body: '{}' });
      expect(answer.status).toBe(400);
      expect(answer.headers['x-amzn-errortype']).toBe('ValidationError');
      expect(JSON.parse(answer.body.toString())).toEqual({
        Message: expect.stringContaining("Value at 'endpointName' failed to satisfy constraint") as string,
      });
    },
  );

  it.each([
    ['X-Amzn-SageMaker-Custom-Attributes', 'x'.repeat(1025), 'customAttributes'],
    ['X-Amzn-SageMaker-Custom-Attributes', '\u00e9', 'customAttributes'],
    ['X-Amzn-SageMaker-Inference-Id', 'x'.repeat(65), 'inferenceId'],
    ['X-Amzn-SageMaker-Inference-Id', '', 'inferenceId'],
    ['X-Amzn-SageMaker-Target-Variant', 'a b', 'targetVariant'],
    ['X-Amzn-SageMaker-Inference-Component', 'a_b', 'inferenceComponentName'],
    ['X-Amzn-SageMaker-Target-Model', 'tiny.tar.gz', 'not a multi-model endpoint'],
  ])('refuses the header %s: %.20s', async (name, value, named) => {
    const answer = await send(invocations(), { headers: { [name]: value }, body: '{}' });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(named);
  });

  it('takes a body of the limit and answers 413 to one byte more', async () => {
    expect((await send(invocations(), { body: 'x'.repeat(4096) })).status).toBe(200);
    const answer = await send(invocations(), { body: 'x'.repeat(4097) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body.toString())).toEqual({
      message: 'HTTP content length exceeded 4096 bytes.',
    });
  });

  it('answers 413 to a body far over the limit instead of breaking the connection', async () => {
    const answer = await send(invocations(), { body: Buffer.alloc(20_000_000) });
    expect(answer.status).toBe(413);
  });

  it('says that it has no asynchronous operation', async () => {
    const answer = await send(`${local.url}/endpoints/e/async-invocations`);
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationError');
    expect(answer.body.toString()).toContain('not an asynchronous endpoint');
  });

  it.each([
    ['GET', '/endpoints/e/invocations'],
    ['POST', '/endpoints/e'],
    ['POST', '/ping'],
    ['GET', '/'],
  ])('answers 404 in the shape of AWS to %s %s', async (method, path) => {
    const answer = await send(`${local.url}${path}`, { method });
    expect(answer.status).toBe(404);
    expect(answer.headers['x-amzn-errortype']).toBe('UnknownOperationException');
    expect(JSON.parse(answer.body.toString())).toHaveProperty('Message');
  });

  it('passes GET /ping through', async () => {
    expect((await send(`${local.url}/ping`, { method: 'GET' })).status).toBe(200);
  });
});

describe('response streams', () => {
  const stream = async (query: string) => {
    const output = await sdk.send(
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName: 'any-endpoint',
        ContentType: 'application/json',
        Accept: 'application/jsonlines',
        Body: Buffer.from(body(query)),
      }),
    );
    let text = '';
    let error: Error | undefined;
    try {
      for await (const event of output.Body!) text += Buffer.from(event.PayloadPart!.Bytes!).toString();
    } catch (thrown) {
      error = thrown as Error;
    }
    return { output, text, error };
  };

  it('frames what the container sends as payload parts', async () => {
    const { output, text, error } = await stream('stream|whole');
    expect(error).toBeUndefined();
    expect(text).toBe('{"part":1}\n{"part":2}\n');
    expect(output.ContentType).toBe('application/jsonlines');
    expect(output.InvokedProductionVariant).toBe('AllTraffic');
  });

  it('forwards the wanted media type, which comes in a header of its own', async () => {
    const { text } = await stream('echo');
    expect((JSON.parse(text) as { headers: { accept: string } }).headers.accept).toBe(
      'application/jsonlines',
    );
  });

  it.each([
    ['breaks off', 'stream|broken', 'StreamBroken'],
    ['takes too long', 'stream|never', 'ModelInvocationTimeExceeded'],
  ])('ends with a ModelStreamError when the container %s', async (_, query, code) => {
    const { text, error } = await stream(query);
    expect(text).toBe('{"part":1}\n{"part":2}\n');
    expect(error).toMatchObject({ name: 'ModelStreamError', ErrorCode: code });
  });

  it('answers errors before the first byte as the plain operation does', async () => {
    const error = await failure<ModelError>(stream('status|503|full'));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.OriginalStatusCode).toBe(503);
  });

  it('validates names alike', async () => {
    const sent = sdk.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'a_b', Body: Buffer.from('{}') }),
    );
    expect(await failure(sent)).toBeInstanceOf(ValidationError);
  });
});
