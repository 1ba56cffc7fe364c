import { HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import { removeModels, slowModel, smallModel, words } from '../support/model.js';
import { startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

const accept = { 'content-type': 'application/json', accept: 'application/jsonlines' };

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a streamed answer', () => {
  let container: ContainerProcess;
  beforeAll(async () => {
    container = await startContainer(await smallModel());
  });

  it('has a line for each document, equal ones too, and the usage at its end', async () => {
    const request = { query: 'the fox', documents: ['a b', 'the fox', 'a b', 'in the den'] };
    const whole = (await container.rerank(request)).json as {
      model: string;
      usage: object;
      results: { index: number; relevance_score: number }[];
    };
    const answer = await container.rerank(request, { headers: accept });
    expect(answer.headers['content-type']).toBe('application/jsonlines');
    const lines = linesOf(answer.text);
    const stages = ['inference', 'model', 'queue', 'tokenize'].map((stage) => [stage, expect.any(Number)]);
    const timings: unknown = Object.fromEntries(stages);
    expect(lines.pop()).toEqual({ model: whole.model, usage: whole.usage, timings });
    const byIndex = (a: { index?: unknown }, b: { index?: unknown }) => Number(a.index) - Number(b.index);
    expect(lines.sort(byIndex)).toEqual(whole.results.sort(byIndex));
  });

  it('is what the client reads', async () => {
    const client = new RerankerClient({
      transport: new HttpTransport({ url: `http://127.0.0.1:${container.port()}` }),
    });
    const documents = Array.from({ length: 50 }, (_, i) => words('abcdef'.slice(i % 6), 1 + i));
    const seen: number[] = [];
    for await (const result of client.stream({ query: 'the fox', documents })) seen.push(result.index);
    expect(seen.sort((a, b) => a - b)).toEqual([...documents.keys()]);
  });

  it('is an ordinary error where nothing was scored yet', async () => {
    const answer = await container.rerank({ query: 'q' }, { headers: accept });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ error: { code: 'invalid_request' } });
  });

  it('is not for callers that name JSON first, nor for formats without lines', async () => {
    const request = { query: 'q', documents: ['a'] };
    const headers = { 'content-type': 'application/json', accept: 'application/json, application/jsonlines' };
    expect((await container.rerank(request, { headers })).json).toHaveProperty('results');
    expect((await container.rerank({ query: 'q', texts: ['a'] }, { headers: accept })).json).toHaveLength(1);
  });
});

describe('a streamed answer of a slow model', () => {
  const short = ['a', 'b', 'c'];
  const long = (tag: string) => words(tag, 7_000);

  it('gives what is scored before the rest is', async () => {
    const container = await startContainer(await slowModel());
    const client = new RerankerClient({
      transport: new HttpTransport({ url: `http://127.0.0.1:${container.port()}` }),
    });
    let scored = 0;
    for await (const result of client.stream({ query: 'q', documents: [long('a'), long('b'), ...short] })) {
      expect(typeof result.relevanceScore).toBe('number');
      scored += 1;
      if (scored === 1) break;
    }
    // The caller left: what it did not wait for is dropped.
    await container.logged('caller hung up');
    expect(container.log.some(({ msg }) => msg === 'reranked')).toBe(false);
  });

  it('ends with an error where scoring fails on the way', async () => {
    const container = await startContainer(await slowModel(), { RERANKER_STREAM_DEADLINE_MS: '5000' });
    const documents = Array.from({ length: 30 }, (_, i) => words('ab', 3_500 - i));
    const answer = await container.rerank({ query: 'q', documents }, { headers: accept });
    expect(answer.status).toBe(200);
    const lines = linesOf(answer.text);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1)).toMatchObject({ error: { code: 'deadline_exceeded' } });
  });
});
