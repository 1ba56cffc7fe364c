import { S3Client } from '@aws-sdk/client-s3';
import {
  AccessDeniedError,
  type AsyncEndpointOptions,
  AsyncEndpointTransport,
  ModelError,
  NetworkError,
  type ObjectStore,
  RerankerClient,
  TimeoutError,
  ValidationError,
} from '@sagemaker-reranker/client';
import { startAsyncService, type AsyncBehaviour, type AsyncService } from '../support/async-service.js';
import { rejection } from '../support/codec-transport.js';
import { answerTo } from '../support/service.js';

const usual: AsyncBehaviour = { answer: answerTo, delayMs: 20, failurePath: true };
let behaviour = usual;
let service: AsyncService;
let s3: S3Client;

beforeAll(async () => {
  service = await startAsyncService(() => behaviour);
  s3 = new S3Client({
    endpoint: service.url,
    forcePathStyle: true,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
});
afterAll(async () => {
  s3.destroy();
  await service.close();
});
beforeEach(() => {
  behaviour = usual;
  service.invocations.length = 0;
  service.objects.clear();
});

const transportOf = (options: Partial<AsyncEndpointOptions> = {}) =>
  new AsyncEndpointTransport({
    endpointName: 'batch',
    endpoint: service.url,
    s3,
    pollMs: { first: 5, longest: 20 },
    ...options,
  });
const rank = async (documents: string[], options: Partial<AsyncEndpointOptions> = {}, deadlineMs = 5_000) => {
  const client = new RerankerClient({ transport: transportOf(options), retry: false });
  const answer = await client
    .rerank({ query: 'q', documents, deadlineMs, customAttributes: 'trace=1', inferenceId: 'job-1' })
    .finally(() => client.close());
  return answer.results.map((result) => result.index);
};

it('hands a small request over inline and fetches the answer when it is there', async () => {
  expect(await rank(['a', 'b', 'c'])).toEqual([0, 1, 2]);
  expect(service.invocations).toHaveLength(1);
  expect(service.invocations[0]!.headers).toMatchObject({
    'x-amzn-sagemaker-content-type': 'application/json',
    'x-amzn-sagemaker-custom-attributes': 'trace=1',
    'x-amzn-sagemaker-inference-id': 'job-1',
  });
  expect([...service.objects.keys()]).toEqual([expect.stringMatching(/^bucket\/out\//)]);
});

it('uploads a large one', async () => {
  const documents = Array.from({ length: 200 }, (_, i) => `${i} `.padEnd(1_000, 'x'));
  expect(await rank(documents, { inputLocation: 's3://bucket/in/' })).toHaveLength(200);
  const [input] = [...service.objects.keys()];
  expect(input).toMatch(/^bucket\/in\/[0-9a-f-]{36}\.json$/);
  expect(service.objects.get(input!)).toEqual(service.invocations[0]!.body);

  const error = await rejection(rank(documents));
  expect(error).toBeInstanceOf(ValidationError);
  expect(error.message).toContain('inputLocation');
});

it('turns a failure file into ModelError', async () => {
  const body = '{"error":{"code":"invalid_request","message":"no","details":{}}}';
  behaviour = {
    ...usual,
    answer: () => {
      throw new Error(`Received client error (422) from primary with message "${body}". See the log.`);
    },
  };
  const error = await rejection(rank(['a']));
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({
    originalStatusCode: 422,
    containerError: { code: 'invalid_request', message: 'no' },
  });
});

it('waits no longer than its deadline', async () => {
  behaviour = { ...usual, delayMs: 100_000 };
  expect(await rejection(rank(['a'], {}, 60))).toBeInstanceOf(TimeoutError);
  behaviour = {
    delayMs: 1,
    failurePath: false,
    answer: () => {
      throw new Error('lost');
    },
  };
  expect(await rejection(rank(['a'], {}, 60))).toBeInstanceOf(TimeoutError);
});

it('can hand over here and collect elsewhere', async () => {
  const { signal } = new AbortController();
  const body = Buffer.from(JSON.stringify({ query: 'q', documents: ['a'] }));
  const request = { body, contentType: 'application/json', accept: 'application/json', signal };
  const job = await transportOf().submit(request);
  const kept = JSON.parse(JSON.stringify(job)) as typeof job;
  const answer = await transportOf().collect(kept, signal);
  expect(Buffer.from(answer.body).toString()).toBe(answerTo(body));
  expect(answer.requestId).toBe(job.inferenceId);
});

it('works with an object store of the caller', async () => {
  const asked: string[] = [];
  const s3Like: ObjectStore = {
    put: async () => undefined,
    get: async (uri) => {
      asked.push(uri);
      return asked.length < 3 ? undefined : Buffer.from(answerTo(Buffer.from('{"documents":["a"]}')));
    },
  };
  expect(await rank(['a'], { s3: s3Like })).toEqual([0]);
  expect(asked.map((uri) => uri.split('/')[3])).toEqual(['out', 'failed', 'out']);
});

it('looks again, and does not ask for the work again, when a look fails for a moment', async () => {
  let looks = 0;
  const flaky: ObjectStore = {
    put: async () => undefined,
    get: async (uri) => {
      if (uri.includes('/failed/')) return undefined;
      looks += 1;
      if (looks < 4) throw new NetworkError('reset');
      return Buffer.from(answerTo(Buffer.from('{"documents":["a"]}')));
    },
  };
  expect(await rank(['a'], { s3: flaky })).toEqual([0]);
  expect(service.invocations).toHaveLength(1);
});

it('says what S3 may mean by denying an object', async () => {
  const denying = new S3Client({
    endpoint: service.url,
    forcePathStyle: true,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: async () => {
      throw Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' });
    },
  });
  const error = await rejection(rank(['a'], { s3: denying }));
  expect(error).toBeInstanceOf(AccessDeniedError);
  expect(error.message).toContain('s3:ListBucket');
});

it('refuses what asynchronous endpoints have not, and wrong locations', async () => {
  const client = new RerankerClient({ transport: transportOf() });
  const call = client.rerank({ query: 'q', documents: ['a'], targetModel: 'tiny' });
  expect(await rejection(call)).toMatchObject({ issues: [{ path: 'targetModel' }] });
  for (const inputLocation of ['bucket/in', 's3://', 'https://bucket/in']) {
    expect(() => transportOf({ inputLocation })).toThrow(ValidationError);
  }
});
