import { readManifest, writeManifest } from '@sagemaker-reranker/models';
import { removeModels, smallModel, words } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel());
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const query = 'the fox';
const documents = ['the fox runs', 'a b c', 'in the den'];

function post(path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  return container.send(path, { body: JSON.stringify(body), headers: { 'content-type': type } });
}

/** The logits of the documents, by the format the client speaks. */
async function logits(): Promise<number[]> {
  const answer = await post('/invocations', { query, documents, raw_scores: true });
  const { results } = answer.json as { results: { index: number; relevance_score: number }[] };
  return results.sort((a, b) => a.index - b.index).map(({ relevance_score }) => relevance_score);
}

const bodies = {
  jina: { query, documents },
  'jina-sagemaker': { data: { query, documents: documents.map((text) => ({ text })) } },
  'cohere-v1': { query, documents, max_chunks_per_doc: 10 },
  'cohere-v2': { query, documents, api_version: 2 },
  tei: { query, texts: documents },
  vllm: { query, documents, truncate_prompt_tokens: -1 },
  bedrock: {
    queries: [{ type: 'TEXT', textQuery: { text: query } }],
    sources: documents.map((text) => ({ inlineDocumentSource: { type: 'TEXT', textDocument: { text } } })),
  },
};

interface Result {
  readonly index: number;
  readonly score?: number;
  readonly relevance_score?: number;
  readonly relevanceScore?: number;
}

function resultsOf(json: unknown): readonly Result[] {
  if (Array.isArray(json)) return json as Result[];
  const { data, results } = json as { data?: { results: Result[] }[]; results?: Result[] };
  return results ?? data![0]!.results;
}

describe('every format', () => {
  it.each(Object.entries(bodies))(
    '%s is told by its shape, and gives the same raw scores',
    async (name, body) => {
      const expected = await logits();
      const answer = await post('/invocations', {
        ...body,
        ...(name === 'jina-sagemaker' ? { parameters: { raw_scores: true } } : { raw_scores: true }),
      });
      expect(answer.status).toBe(200);
      const results = resultsOf(answer.json);
      expect(results).toHaveLength(3);
      for (const { index, score, relevance_score, relevanceScore } of results) {
        expect(score ?? relevance_score ?? relevanceScore).toBeCloseTo(expected[index]!, 5);
      }
      await container.logged('reranked', { requestId: answer.headers['x-request-id'], format: name });
    },
  );

  it.each([
    ['/v1/rerank', bodies.jina, 'jina'],
    ['/v2/rerank', bodies.jina, 'cohere-v2'],
    ['/rerank', bodies.tei, 'tei'],
    ['/rerank', bodies.jina, 'vllm'],
    ['/rerank', bodies.bedrock, 'bedrock'],
  ])('%s answers %j as %s', async (path, body, name) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(200);
    expect(resultsOf(answer.json)).toHaveLength(3);
    await container.logged('reranked', { requestId: answer.headers['x-request-id'], format: name });
  });

  it('is told by the parameter of the content type', async () => {
    const answer = await post('/invocations', bodies.jina, 'application/json; format=cohere; charset=utf-8');
    expect(answer.json).toMatchObject({ meta: { api_version: { version: '2' } } });
    const unknown = await post('/invocations', bodies.jina, 'application/json; format=other');
    expect(unknown.status).toBe(415);
    expect(unknown.json).toMatchObject({ error: { code: 'unsupported_media_type' } });
  });
});

describe('errors', () => {
  const empty = { query: '' };
  it.each([
    ['/v1/rerank', 'application/json', 422, { error: { code: 'invalid_request' } }],
    ['/v2/rerank', 'application/json', 422, { message: expect.stringContaining('query is empty') as string }],
    ['/rerank', 'application/json', 422, { error_type: 'Validation' }],
    [
      '/invocations',
      'application/json',
      422,
      { error: { code: 'invalid_request', details: { path: 'query' } } },
    ],
    ['/invocations', 'application/json; format=tei', 422, { error_type: 'Validation' }],
    ['/invocations', 'application/json; format=vllm', 400, { error: { type: 'BadRequestError' } }],
    ['/invocations', 'application/json; format=bedrock', 400, { message: expect.any(String) as string }],
  ])('%s with %s has the shape its callers know', async (path, type, status, shape) => {
    const answer = await post(path, empty, type);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject(shape);
  });

  it('has that shape for a body that is no JSON too', async () => {
    const answer = await container.send('/rerank', { body: '{' });
    expect([answer.status, answer.json]).toEqual([
      422,
      { error: 'the body is not valid JSON', error_type: 'Validation' },
    ]);
    const bedrock = await post('/invocations', {}, 'application/json; format=bedrock');
    expect(bedrock.headers['x-amzn-errortype']).toBe('ValidationException');
  });
});

describe('headers', () => {
  it('tell the time of each stage, and on the TEI route as there', async () => {
    const plain = await post('/invocations', bodies.jina);
    expect(plain.headers['server-timing']).toMatch(
      /^tokenize;dur=[\d.]+, queue;dur=[\d.]+, inference;dur=[\d.]+, model;dur=[\d.]+$/,
    );
    const tei = await post('/rerank', bodies.tei);
    const { usage } = plain.json as { usage: { total_tokens: number } };
    expect(tei.headers['x-compute-tokens']).toBe(String(usage.total_tokens));
    for (const name of ['x-compute-time', 'x-tokenization-time', 'x-queue-time', 'x-inference-time']) {
      expect(tei.headers[name]).toMatch(/^\d+$/);
    }
  });
});

describe('truncation', () => {
  const long = words('abc', 400);
  it('refuses what is too long where the caller asks for that', async () => {
    const error = await post('/invocations', { query, documents: ['a', long], truncate: 'error' });
    expect(error.status).toBe(422);
    expect(error.json).toMatchObject({ error: { code: 'input_too_long', details: { document: 1 } } });
    const tei = await post('/rerank', { query, texts: ['a', long], truncate: false });
    expect([tei.status, tei.json]).toMatchObject([413, { error_type: 'Validation' }]);
    expect((await post('/rerank', { query, texts: ['a', long] })).status).toBe(200);
  });

  it('counts the tokens that were read', async () => {
    const tokens = async (options: object): Promise<number> => {
      const answer = await post('/invocations', { query: 'q', documents: [long], ...options });
      return (answer.json as { usage: { total_tokens: number } }).usage.total_tokens;
    };
    expect(await tokens({})).toBe(256);
    expect(await tokens({ max_tokens_per_doc: 100 })).toBe(105);
    expect(await tokens({ long_documents: 'max_passage' })).toBe(512);
  });
});

it('gives logits where the model is published with them, in the formats whose servers do', async () => {
  const directory = await smallModel();
  await writeManifest(directory, { ...(await readManifest(directory)), activation: 'identity' });
  const published = await startContainer(directory);
  const expected = await logits();
  const score = async (body: object): Promise<number> => {
    const answer = await published.rerank(body);
    const json = answer.json as { scores?: number[]; data?: Result[]; results?: Result[] };
    return json.scores?.[0] ?? json.data?.[0]!.score ?? json.results![0]!.relevance_score!;
  };
  const [document] = documents;
  const sigmoid = 1 / (1 + Math.exp(-expected[0]!));
  expect(await score({ text_pairs: [[query, document]] })).toBeCloseTo(expected[0]!, 5);
  expect(await score({ text_1: query, text_2: document })).toBeCloseTo(expected[0]!, 5);
  expect(await score({ query, documents: [document], truncate_prompt_tokens: -1 })).toBeCloseTo(
    expected[0]!,
    5,
  );
  expect(await score({ query, documents: [document] })).toBeCloseTo(sigmoid, 5);
});
