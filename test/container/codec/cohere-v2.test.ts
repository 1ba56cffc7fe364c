import { RequestError } from '@sagemaker-reranker/container';
import { cohereV2 } from '../../../container/src/codec/cohere-v2.js';
import { decode, encoded, errorOf, faultPath, outcome } from '../support/codec.js';

const body = { model: 'rerank-v3.5', query: 'q', documents: ['a', { text: 'b' }] };

describe('cohereV2', () => {
  it('reads a request with the defaults of its API', () => {
    expect(decode(cohereV2, body)).toMatchObject({
      documents: ['a', 'b'],
      returnDocuments: false,
      rawScores: false,
      truncation: { truncate: 'right', maxTokensPerDocument: 4_096 },
    });
    const more = { ...body, top_n: 1, max_tokens_per_doc: 10, raw_scores: true };
    expect(decode(cohereV2, more)).toMatchObject({
      topN: 1,
      rawScores: true,
      truncation: { maxTokensPerDocument: 10 },
    });
    expect(faultPath(cohereV2, { ...body, documents: [{ title: 'b' }] })).toBe('documents[0].text');
  });

  it('answers with results and the figures it bills', () => {
    expect(encoded(cohereV2, decode(cohereV2, { ...body, raw_scores: true }), outcome(1, 3))).toEqual({
      id: 'id-1',
      results: [
        { index: 1, relevance_score: 3 },
        { index: 0, relevance_score: 1 },
      ],
      meta: {
        api_version: { version: '2' },
        billed_units: { search_units: 1 },
        tokens: { input_tokens: 21 },
      },
    });
  });

  it.each([
    [500, 100, 1],
    [500, 101, 2],
    [501, 50, 1],
    [501, 51, 2],
    [1_500, 34, 2],
  ])('counts %i tokens x %i documents as %i search units', (tokens, documents, units) => {
    const many = { ...outcome(), tokens: new Uint32Array(documents).fill(tokens) };
    expect(encoded(cohereV2, decode(cohereV2, body), many)).toMatchObject({
      meta: { billed_units: { search_units: units } },
    });
  });

  it('tells an error by a message', () => {
    expect(errorOf(cohereV2, new RequestError('invalid_request', 'query is missing'))).toEqual({
      status: 422,
      body: { id: 'id-1', message: 'query is missing' },
    });
  });
});
