import { Document } from '@langchain/core/documents';
import { BaseDocumentCompressor } from '@langchain/core/retrievers/document_compressors';
import { RerankerClient, UnavailableError } from '@sagemaker-reranker/client';
import { RerankerCompressor } from '../../../client/src/adapters/langchain.js';
import { codecTransport } from '../support/codec-transport.js';

const documents = [
  new Document({ pageContent: 'a', metadata: { source: 1 }, id: 'one' }),
  new Document({ pageContent: 'ccc', metadata: { source: 3 } }),
  new Document({ pageContent: 'bb', metadata: { source: 2 } }),
];

it('is a compressor that orders copies by score', async () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length - 2) });
  const compressor = new RerankerCompressor({ client, topN: 2 });
  expect(BaseDocumentCompressor.isBaseDocumentCompressor(compressor)).toBe(true);
  const ranked = await compressor.compressDocuments(documents, 'q');
  expect(ranked).toEqual([
    new Document({ pageContent: 'ccc', metadata: { source: 3, relevanceScore: 1 / (1 + Math.exp(-1)) } }),
    new Document({ pageContent: 'bb', metadata: { source: 2, relevanceScore: 0.5 } }),
  ]);
  expect(documents[1]!.metadata).toEqual({ source: 3 });

  const kept = new RerankerCompressor({ client, threshold: 0.4 });
  expect(await kept.compressDocuments(documents, 'q')).toHaveLength(2);
  expect(await kept.compressDocuments([], 'q')).toEqual([]);
});

it("keeps the retriever's order, and ids, when the endpoint is unavailable and the client passes through", async () => {
  const transport = codecTransport(
    () => 0,
    () => {
      throw new UnavailableError('service_unavailable', 'down');
    },
  );
  const client = new RerankerClient({ transport, retry: false, onUnavailable: 'passthrough' });
  const ranked = await new RerankerCompressor({ client }).compressDocuments(documents, 'q');
  expect(ranked).toEqual(documents);
  expect(ranked[0]).not.toBe(documents[0]);
});

it('fuses with the scores of the retriever, or with its order', async () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length) });
  const scored = new RerankerCompressor({
    client,
    fusion: { weight: 0.2 },
    firstStageScore: ({ metadata }) => -Number(metadata.source),
  });
  const [first] = await scored.compressDocuments(documents, 'q');
  expect(first).toMatchObject({
    pageContent: 'a',
    metadata: { source: 1, fusedScore: expect.any(Number) as number },
  });
  const ordered = new RerankerCompressor({ client, fusion: { method: 'reciprocal-rank', weight: 0.2 } });
  expect((await ordered.compressDocuments(documents, 'q')).map(({ pageContent }) => pageContent)).toEqual([
    'a',
    'ccc',
    'bb',
  ]);
});
