import { RequestError } from '@sagemaker-reranker/container';
import { bedrock } from '../../../container/src/codec/bedrock.js';
import { decode, encoded, errorOf, faultPath, outcome } from '../support/codec.js';

const text = (value: string) => ({
  type: 'INLINE',
  inlineDocumentSource: { type: 'TEXT', textDocument: { text: value } },
});
const json = (value: unknown) => ({
  type: 'INLINE',
  inlineDocumentSource: { type: 'JSON', jsonDocument: value },
});
const body = {
  queries: [{ type: 'TEXT', textQuery: { text: 'q' } }],
  sources: [text('a'), json({ title: 'b' })],
  rerankingConfiguration: {
    type: 'BEDROCK_RERANKING_MODEL',
    bedrockRerankingConfiguration: {
      numberOfResults: 1,
      modelConfiguration: {
        modelArn: 'arn:aws:bedrock:us-west-2::foundation-model/x',
        additionalModelRequestFields: { raw_scores: true, max_tokens_per_doc: 9 },
      },
    },
  },
};

describe('bedrock', () => {
  it('reads texts, JSON documents and its nested configuration', () => {
    expect(decode(bedrock, body)).toMatchObject({
      query: 'q',
      documents: ['a', '{"title":"b"}'],
      topN: 1,
      rawScores: true,
      truncation: { maxTokensPerDocument: 9 },
    });
    const { queries, sources } = body;
    expect(decode(bedrock, { queries, sources, raw_scores: true })).toMatchObject({ rawScores: true });
    expect(decode(bedrock, { queries, sources }).topN).toBeUndefined();
  });

  it.each([
    [{ queries: [] }, 'queries'],
    [{ queries: [...body.queries, ...body.queries] }, 'queries'],
    [{ queries: [{ type: 'IMAGE', textQuery: { text: 'q' } }] }, 'queries[0].type'],
    [{ queries: [{ type: 'TEXT', textQuery: { text: ' ' } }] }, 'queries[0].textQuery.text'],
    [{ queries: [3] }, 'queries[0]'],
    [{ sources: [] }, 'sources'],
    [{ sources: ['a'] }, 'sources[0]'],
    [{ sources: [{ inlineDocumentSource: { type: 'PDF' } }] }, 'sources[0].inlineDocumentSource.type'],
    [{ sources: [text(3 as never)] }, 'sources[0].inlineDocumentSource.textDocument.text'],
    [{ sources: [json(undefined)] }, 'sources[0].inlineDocumentSource.jsonDocument'],
    [{ rerankingConfiguration: [] }, 'rerankingConfiguration'],
    [{ nextToken: 'x' }, 'nextToken'],
  ])('refuses %j', (change, path) => {
    expect(faultPath(bedrock, { ...body, ...change })).toBe(path);
  });

  it('answers with relevanceScore, and with documents as they came when asked', () => {
    expect(encoded(bedrock, decode(bedrock, body), outcome(1, 2))).toEqual({
      results: [{ index: 1, relevanceScore: 2 }],
    });
    const request = decode(bedrock, { ...body, return_documents: true });
    expect(encoded(bedrock, request, outcome(1, 2))).toEqual({
      results: [{ index: 1, relevanceScore: 2, document: body.sources[1]!.inlineDocumentSource }],
    });
  });

  it.each([
    ['invalid_request', 400, 'ValidationException'],
    ['overloaded', 429, 'ThrottlingException'],
    ['deadline_exceeded', 500, 'InternalServerException'],
    ['draining', 503, 'ServiceUnavailableException'],
  ] as const)('tells %s as %i %s', (code, status, type) => {
    expect(errorOf(bedrock, new RequestError(code, 'm'))).toEqual({
      status,
      body: { message: 'm' },
      headers: { 'x-amzn-ErrorType': type },
    });
  });
});
