import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpTransport, ModelError, RerankerClient, SageMakerTransport } from '@sagemaker-reranker/client';
import {
  LocalEndpointError,
  startLocalEndpoint,
  type LocalEndpoint,
} from '../../../container/src/local/index.js';
import { synthesizeModel } from '../../../models/src/directory/synthesize.js';
import { send } from './harness.js';

// The container as it ships, built to dist/ before the tests, with a small model of random weights.
const containerEntry = path.resolve(__dirname, '../../../container/dist/main.js');

let scratch: string;
let local: LocalEndpoint;
let client: RerankerClient;
const lines: string[] = [];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'local-endpoint-'));
  const out = path.join(scratch, 'model');
  await synthesizeModel({
    model: { layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 28_000 },
    seed: 7,
    out,
    maxLength: 512,
  });
  local = await startLocalEndpoint({
    port: 0,
    modelDirectory: out,
    containerEntry,
    log: (line) => lines.push(line),
  });
  client = new RerankerClient({ endpointName: 'my-reranker', endpoint: local.url });
});

afterAll(async () => {
  client?.close();
  await local?.close();
  await rm(scratch, { recursive: true, force: true });
});

const query = 'how does a bill become law';
const passages = [
  { id: 'a', text: 'Parliament passes a bill and the president signs it.' },
  { id: 'b', text: 'Bread rises because yeast makes gas.' },
  { id: 'c', text: 'A committee reads the bill twice before the vote.' },
];

it('ranks documents for the typed client, which gets its own documents back', async () => {
  const { results, usage, model } = await client.rerank({ query, documents: passages });

  expect(results.map((result) => result.index).sort()).toEqual([0, 1, 2]);
  for (const { index, document } of results) expect(document).toBe(passages[index]);
  const scores = results.map((result) => result.relevanceScore);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(new Set(scores).size).toBe(3);
  expect(usage.totalTokens).toBeGreaterThan(30);
  expect(model).toBe('custom-synthesized');

  const best = await client.rerank({ query, documents: passages, topN: 2, returnDocuments: false });
  expect(best.results).toEqual(
    results.slice(0, 2).map(({ index, relevanceScore }) => ({ index, relevanceScore })),
  );
});

it('gives the same answer as the container asked directly', async () => {
  const body = JSON.stringify({ query, documents: passages });
  const headers = { 'content-type': 'application/json' };
  const direct = await send(`${local.containerUrl}/invocations`, { headers, body });
  const through = await send(`${local.url}/endpoints/x/invocations`, { headers, body });
  expect(direct.status).toBe(200);
  expect(through.body.toString()).toBe(direct.body.toString());
  expect(through.headers['content-type']).toBe(direct.headers['content-type']);
});

it('streams each result as it is scored, framed by the API, and ends with the summary', async () => {
  const documents = [
    ...passages,
    ...Array.from({ length: 60 }, (_, i) => ({ id: `${i}`, text: `text ${i}` })),
  ];
  const whole = await client.rerank({ query, documents, rawScores: true });
  const stream = client.stream({ query, documents, rawScores: true });
  const found = new Map<number, number>();
  for (;;) {
    const next = await stream.next();
    if (next.done) {
      expect(next.value).toMatchObject({ model: whole.model, usage: whole.usage });
      break;
    }
    const { index, relevanceScore, document } = next.value;
    expect(document).toBe(documents[index]);
    expect(found.has(index)).toBe(false);
    found.set(index, relevanceScore);
  }
  expect(found.size).toBe(documents.length);
  for (const { index, relevanceScore } of whole.results)
    expect(found.get(index)).toBeCloseTo(relevanceScore, 4);
});

it('gives up a stream that its caller leaves, and answers the next call', async () => {
  const documents = Array.from({ length: 2_000 }, (_, i) => `text ${i} ${'word '.repeat(50)}`);
  const seen: number[] = [];
  for await (const { index } of client.stream({ query, documents })) {
    seen.push(index);
    if (seen.length === 3) break;
  }
  expect(seen).toHaveLength(3);
  expect((await client.rerank({ query, documents: passages })).results).toHaveLength(3);
});

it("carries the container's refusal of a stream in ModelError", async () => {
  const sdk = new SageMakerTransport({ endpointName: 'my-reranker', endpoint: local.url });
  const request = {
    body: Buffer.from('{"query":"q","documents":[]}'),
    contentType: 'application/json',
    accept: 'application/jsonlines',
    signal: new AbortController().signal,
  };
  await expect(sdk.stream(request)).rejects.toMatchObject({
    originalStatusCode: 422,
    containerError: { code: 'invalid_request' },
  });
  sdk.close();
});

it('splits what is over the limit of the container, known to the client or not', async () => {
  const documents = Array.from({ length: 10_001 }, (_, i) => (i === 10_000 ? 'yeast' : 'a'));
  for (const maxDocumentsPerRequest of [10_000, 20_000]) {
    const knowing = new RerankerClient({ endpointName: 'e', endpoint: local.url, maxDocumentsPerRequest });
    const { results, requestIds } = await knowing.rerank({ query, documents, topN: 10_001, rawScores: true });
    knowing.close();
    expect(requestIds).toHaveLength(2);
    expect(new Set(results.map((result) => result.index)).size).toBe(10_001);
    const alone = await client.rerank({ query, documents: ['yeast'], rawScores: true });
    const last = results.find((result) => result.index === 10_000);
    expect(last!.relevanceScore).toBeCloseTo(alone.results[0]!.relevanceScore, 4);
  }
});

it("carries the container's refusal, with the path of the field, in ModelError, by either transport", async () => {
  const request = {
    body: Buffer.from('{"query":"q","documents":[]}'),
    contentType: 'application/json',
    accept: 'application/json',
    signal: new AbortController().signal,
  };
  const sdk = new SageMakerTransport({ endpointName: 'my-reranker', endpoint: local.url });
  for (const transport of [sdk, new HttpTransport({ url: local.containerUrl })]) {
    const error: unknown = await transport.invoke(request).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      originalStatusCode: 422,
      retryable: false,
      containerError: { code: 'invalid_request', details: { path: 'documents' } },
    });
  }
  sdk.close();
});

it('ranks the same over HTTP, without AWS', async () => {
  const direct = new RerankerClient({ transport: new HttpTransport({ url: local.containerUrl }) });
  const through = await client.rerank({ query, documents: passages, rawScores: true });
  expect((await direct.rerank({ query, documents: passages, rawScores: true })).results).toEqual(
    through.results,
  );
});

it('logs no text of query or documents', () => {
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).not.toMatch(/yeast|bill|Parliament/);
});

it('says which model directory could not be used', async () => {
  const modelDirectory = path.join(scratch, 'absent');
  const starting = startLocalEndpoint({ port: 0, modelDirectory, containerEntry });
  const error: unknown = await starting.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LocalEndpointError);
  expect(error).toMatchObject({ code: 'container_exited' });
  expect((error as Error).message).toContain(modelDirectory);
  expect((error as Error).message).toContain('exit code 2');
});
