import { RerankerClient } from '@sagemaker-reranker/client';
import { prompt, Retriever, type Passage } from '../../examples/rag-bm25/retriever.js';
import { startReranker } from './support.js';

const passages: Passage[] = [
  { id: '1', title: 'Ada Lovelace', text: 'She wrote the first program for the Analytical Engine.' },
  { id: '2', title: 'Charles Babbage', text: 'He designed the Analytical Engine.' },
  { id: '3', title: 'Bread', text: 'Yeast makes dough rise.' },
];
let reranker: Awaited<ReturnType<typeof startReranker>>;
let retriever: Retriever;

beforeAll(async () => {
  reranker = await startReranker();
  const client = new RerankerClient({ endpointName: 'any', endpoint: reranker.url, retry: false });
  retriever = new Retriever(client, passages);
});
afterAll(() => reranker.close());

it('ranks what BM25 finds, and numbers it for the model', async () => {
  const query = 'who wrote a program for the analytical engine';
  const found = await retriever.retrieve(query);
  expect(found.map(({ passage }) => passage.id).sort()).toEqual(['1', '2']);
  expect(found.map(({ bm25Rank }) => bm25Rank).sort()).toEqual([1, 2]);
  expect(found[0]!.relevanceScore).toBeGreaterThan(found[1]!.relevanceScore!);
  expect(await retriever.retrieve(query, 1)).toEqual(found.slice(0, 1));
  expect(prompt(query, found)).toContain(`[1] ${found[0]!.passage.title}: ${found[0]!.passage.text}`);
});

it('asks nothing of the endpoint when BM25 finds nothing', async () => {
  expect(await retriever.retrieve('zzzzzz')).toEqual([]);
});

it('keeps the order of BM25 when the endpoint is gone', async () => {
  await reranker.close();
  const found = await retriever.retrieve('analytical engine program');
  expect(found.map(({ bm25Rank }) => bm25Rank)).toEqual([1, 2]);
  expect(found[0]!.relevanceScore).toBeUndefined();
});
