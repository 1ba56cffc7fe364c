import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ModelError, RerankerClient } from '../../client';
import { LocalEndpointError, startLocalEndpoint, type LocalEndpoint } from '../../container/local';
import { synthesizeModel } from '../../models/synthesize';
import { send } from './harness';

// The container as it ships, built to dist/ before the tests, with a small model of random weights.
const containerEntry = path.resolve(__dirname, '../../dist/container/main.js');

let scratch: string;
let local: LocalEndpoint;
let client: RerankerClient;
const lines: string[] = [];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'local-endpoint-'));
  const out = path.join(scratch, 'model');
  await synthesizeModel({
    model: { layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 18_000 },
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

it("carries the container's refusal, with the path of the field, in ModelError", async () => {
  const documents = Array.from({ length: 10_001 }, () => 'a');
  const error: unknown = await client.rerank({ query, documents }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({
    originalStatusCode: 422,
    retryable: false,
    containerError: { code: 'too_many_documents', details: { path: 'documents', limit: 10_000 } },
  });
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
