import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  SageMakerRuntimeClient,
  ValidationError,
  type InvokeEndpointAsyncCommandInput,
} from '@aws-sdk/client-sagemaker-runtime';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { AsyncEndpointTransport, ModelError, RerankerClient } from '@sagemaker-reranker/client';
import { startLocalEndpoint, type LocalEndpoint } from '../../../container/src/local/index.js';
import { synthesizeModel } from '../../../models/src/directory/synthesize.js';
import { until } from '../../support/until.js';
import { send, startFailing } from './harness.js';

const place = { region: 'eu-west-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } };
const s3At = (endpoint: string) => new S3Client({ ...place, endpoint, maxAttempts: 1 });
const inputLocation = 's3://callers/input';

describe('the real container', () => {
  let scratch: string;
  let local: LocalEndpoint;
  let s3: S3Client;
  let transport: AsyncEndpointTransport;
  let client: RerankerClient;

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'async-endpoint-'));
    const modelDirectory = path.join(scratch, 'model');
    await synthesizeModel({
      model: { layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 28_000 },
      seed: 7,
      out: modelDirectory,
      maxLength: 512,
    });
    local = await startLocalEndpoint({
      port: 0,
      hosting: 'asynchronous',
      modelDirectory,
      containerEntry: path.resolve(__dirname, '../../../container/dist/main.js'),
    });
    s3 = s3At(local.url);
    transport = new AsyncEndpointTransport({
      endpointName: 'batch',
      endpoint: local.url,
      inputLocation,
      s3,
      pollMs: { first: 10, longest: 100 },
    });
    client = new RerankerClient({ transport, retry: false });
  });
  afterAll(async () => {
    client?.close();
    s3?.destroy();
    await local?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  it('ranks a small request, which goes inline, and a large one, which goes through the object store', async () => {
    const texts = ['Yeast makes dough rise.', 'A committee reads the bill.', 'Ships carry grain.'];
    const small = await client.rerank({ query: 'how is a law made', documents: texts, rawScores: true });
    expect(small.results).toHaveLength(3);

    const documents = [...texts, ...Array.from({ length: 300 }, (_, i) => `${i} ${'word '.repeat(100)}`)];
    const large = await client.rerank({ query: 'how is a law made', documents, rawScores: true });
    expect(large.results).toHaveLength(documents.length);
    for (const { index, relevanceScore } of small.results) {
      const same = large.results.find((result) => result.index === index);
      expect(same!.relevanceScore).toBeCloseTo(relevanceScore, 4);
    }
  });

  it('submits now and collects later', async () => {
    const { signal } = new AbortController();
    const body = Buffer.from('{"query":"q","documents":["a","b"]}');
    const job = await transport.submit({
      body,
      contentType: 'application/json',
      accept: 'application/json',
      signal,
    });
    const answer = await transport.collect(job, signal);
    expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({ results: [{}, {}] });
  });

  it("writes the container's refusal to the failure location, and the client reads it", async () => {
    const { signal } = new AbortController();
    const body = Buffer.from('{"query":"q","documents":[]}');
    const failed = transport.invoke({
      body,
      contentType: 'application/json',
      accept: 'application/json',
      signal,
    });
    const error: unknown = await failed.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      originalStatusCode: 422,
      containerError: { code: 'invalid_request', details: { path: 'documents' } },
    });
  });
});

describe('a container that fails on request', () => {
  let local: LocalEndpoint;
  let sdk: SageMakerRuntimeClient;
  let s3: S3Client;

  beforeAll(async () => {
    local = await startFailing({ hosting: 'asynchronous' });
    sdk = new SageMakerRuntimeClient({ ...place, endpoint: local.url, maxAttempts: 1 });
    s3 = s3At(local.url);
  });
  afterAll(async () => {
    sdk.destroy();
    s3.destroy();
    await local.close();
  });

  const submit = (input: Partial<InvokeEndpointAsyncCommandInput>) =>
    sdk.send(new InvokeEndpointAsyncCommand({ EndpointName: 'any', ...input }));
  const query = (directive: string) => ({ Body: Buffer.from(JSON.stringify({ query: directive })) });
  const read = async (uri: string): Promise<string | undefined> => {
    const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri)!;
    const found = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: Error) => {
      expect(error.name).toBe('NoSuchKey');
      return undefined;
    });
    return found?.Body?.transformToString();
  };
  const outcome = async (uri: string): Promise<string> => {
    let found: string | undefined;
    await until(async () => (found = await read(uri)) !== undefined);
    return found!;
  };

  it('hands on media types, custom attributes and inference id, and names the output as asked', async () => {
    const { InferenceId, OutputLocation, FailureLocation } = await submit({
      ...query('echo'),
      ContentType: 'application/json',
      Accept: 'text/csv',
      CustomAttributes: 'trace=1',
      InferenceId: 'job-1',
      S3OutputPathExtension: 'monday',
      Filename: 'first',
    });
    expect(InferenceId).toBe('job-1');
    expect(OutputLocation).toBe('s3://reranker-local/output/monday/first.out');
    expect(FailureLocation).toBe('s3://reranker-local/failure/monday/first-error.out');
    expect(JSON.parse(await outcome(OutputLocation!))).toMatchObject({
      headers: {
        'content-type': 'application/json',
        accept: 'text/csv',
        'x-amzn-sagemaker-custom-attributes': 'trace=1',
        'x-amzn-sagemaker-inference-id': 'job-1',
      },
      bytes: 16,
    });
  });

  it.each([
    ['breaks off its answer', 'break', {}, 'could not load the entire response body'],
    ['answers an error', 'status|500|boom', {}, 'server error (500) from primary with message "boom"'],
    ['takes longer than the invocation may', 'hang', { InvocationTimeoutSeconds: 1 }, 'timed out'],
  ])(
    'reports a container that %s in the failure file, and writes no output',
    async (_, directive, input, words) => {
      const { OutputLocation, FailureLocation } = await submit({ ...query(directive), ...input });
      expect(await outcome(FailureLocation!)).toContain(words);
      expect(await read(OutputLocation!)).toBeUndefined();
    },
  );

  it('works through more invocations than it runs at once', async () => {
    const jobs = await Promise.all(Array.from({ length: 12 }, (_, i) => submit(query(`answer|${i}`))));
    const answers = await Promise.all(jobs.map(({ OutputLocation }) => outcome(OutputLocation!)));
    expect(answers).toEqual(jobs.map((_, i) => String(i)));
  });

  it.each<[string, Partial<InvokeEndpointAsyncCommandInput>, string]>([
    ['no input', {}, 'Exactly one of InputLocation and Body'],
    [
      'two inputs',
      { ...query('echo'), InputLocation: 's3://b-1/k' },
      'Exactly one of InputLocation and Body',
    ],
    ['an input that is not there', { InputLocation: 's3://callers/none' }, 'there is no such object'],
    ['an input elsewhere', { InputLocation: 'https://callers/x' }, 'inputLocation'],
    ['a short life', { ...query('echo'), RequestTTLSeconds: 59 }, 'requestTTLSeconds'],
    ['a long run', { ...query('echo'), InvocationTimeoutSeconds: 3601 }, 'invocationTimeoutSeconds'],
  ])('refuses %s', async (_, input, words) => {
    const error: unknown = await submit(input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toContain(words);
  });

  it('takes 128,000 bytes inline and refuses one more', async () => {
    await submit({ Body: Buffer.alloc(128_000, 'x') });
    const error: unknown = await submit({ Body: Buffer.alloc(128_001, 'x') }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 413 } });
  });

  it('is no real-time endpoint', async () => {
    const invoke = new InvokeEndpointCommand({ EndpointName: 'any', Body: Buffer.from('{}') });
    await expect(sdk.send(invoke)).rejects.toThrow('use InvokeEndpointAsync');
  });

  describe('its object store', () => {
    const object = { Bucket: 'callers', Key: 'input/ü & <x>.json' };

    it('keeps, describes and removes objects for the SDK of S3, also those sent as a stream', async () => {
      const bodies = [Buffer.from('a whole'), Readable.from([Buffer.from('a str'), Buffer.from('eam')])];
      for (const [Body, content] of [
        [bodies[0], 'a whole'],
        [bodies[1], 'a stream'],
      ] as const) {
        await s3.send(
          new PutObjectCommand({ ...object, Body, ContentType: 'text/plain', ContentLength: content.length }),
        );
        const head = await s3.send(new HeadObjectCommand(object));
        expect(head).toMatchObject({ ContentLength: content.length, ContentType: 'text/plain' });
        expect(await read(`s3://${object.Bucket}/${object.Key}`)).toBe(content);
      }
      await s3.send(new DeleteObjectCommand(object));
      await expect(s3.send(new HeadObjectCommand(object))).rejects.toMatchObject({ name: 'NotFound' });
    });

    it.each([
      ['PUT', '/Bad_Bucket/key', {}, 400, 'InvalidBucketName'],
      ['PUT', '/callers/key?partNumber=1&uploadId=2', {}, 501, 'NotImplemented'],
      ['PUT', '/callers/key', { 'if-none-match': '*' }, 501, 'NotImplemented'],
      ['PUT', '/callers/key', { 'content-encoding': 'aws-chunked' }, 400, 'IncompleteBody'],
      ['GET', '/callers/%', {}, 400, 'InvalidURI'],
      ['GET', '/callers/absent', {}, 404, 'NoSuchKey'],
    ])('answers %s %s with the error of S3', async (method, url, headers, status, code) => {
      const answer = await send(`${local.url}${url}`, { method, headers, body: method === 'PUT' ? 'x' : '' });
      expect(answer.status).toBe(status);
      expect(answer.body.toString()).toContain(`<Code>${code}</Code>`);
    });
  });
});

test('a real-time endpoint has no object store', async () => {
  const local = await startFailing();
  expect((await send(`${local.url}/bucket/key`, { method: 'GET' })).status).toBe(404);
  await local.close();
});
