import { rerank } from 'ai';
import { AbortedError, RerankerClient, UnavailableError } from '@sagemaker-reranker/client';
import { rerankingModel } from '../../../client/src/adapters/ai-sdk.js';
import { codecTransport, rejection } from '../support/codec-transport.js';

it('ranks texts for the SDK, with usage and response', async () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length - 2) });
  const model = rerankingModel({ client, modelId: 'my-endpoint' });
  const answer = await rerank({ model, documents: ['a', 'ccc', 'bb'], query: 'q', topN: 2 });
  expect(answer.ranking).toEqual([
    { originalIndex: 1, score: 1 / (1 + Math.exp(-1)), document: 'ccc' },
    { originalIndex: 2, score: 0.5, document: 'bb' },
  ]);
  expect(answer.response).toMatchObject({ id: 'r1', modelId: 'codec' });
  expect(answer.providerMetadata).toEqual({ sagemakerReranker: { totalTokens: 21 } });
});

it('ranks objects as their JSON', async () => {
  const transport = codecTransport((text) => (JSON.parse(text) as { rank: number }).rank);
  const model = rerankingModel({ client: new RerankerClient({ transport }) });
  const documents = [{ rank: 1 }, { rank: 3 }, { rank: 2 }];
  const { rerankedDocuments } = await rerank({ model, documents, query: 'q' });
  expect(rerankedDocuments).toEqual([{ rank: 3 }, { rank: 2 }, { rank: 1 }]);
});

it('stops with the abort signal, and its failures are not retried twice over', async () => {
  const down = new UnavailableError('service_unavailable', 'down');
  const transport = codecTransport(
    () => 0,
    () => {
      throw down;
    },
  );
  const model = rerankingModel({ client: new RerankerClient({ transport, retry: false }) });
  const call = rerank({ model, documents: ['a'], query: 'q' });
  expect(await rejection(call)).toBe(down);
  expect(transport.sent).toHaveLength(1);
  const aborted = model.doRerank({
    documents: { type: 'text', values: ['a'] },
    query: 'q',
    abortSignal: AbortSignal.abort(),
  });
  expect(await rejection(Promise.resolve(aborted))).toBeInstanceOf(AbortedError);
});

it('warns of headers it cannot send, and of an order that is not ranked', async () => {
  const transport = codecTransport(
    () => 0,
    () => {
      throw new UnavailableError('service_unavailable', 'down');
    },
  );
  const client = new RerankerClient({ transport, retry: false, onUnavailable: 'passthrough' });
  const result = await rerankingModel({ client }).doRerank({
    documents: { type: 'text', values: ['a', 'b'] },
    query: 'q',
    headers: { 'x-team': 'search' },
  });
  expect(result.ranking).toEqual([
    { index: 0, relevanceScore: 0 },
    { index: 1, relevanceScore: 0 },
  ]);
  expect(result.warnings).toMatchObject([
    { type: 'unsupported', feature: 'headers' },
    { type: 'other', message: expect.stringContaining('down') as string },
  ]);
});

it('fuses with the first-stage scores of the provider options', async () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length) });
  const model = rerankingModel({ client, fusion: { weight: 0.2 } });
  const providerOptions = { sagemakerReranker: { firstStageScores: [3, 1, 2] } };
  const { ranking } = await rerank({ model, documents: ['a', 'ccc', 'bb'], query: 'q', providerOptions });
  expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual([0, 2, 1]);
});
