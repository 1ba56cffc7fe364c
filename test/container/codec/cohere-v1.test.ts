import { RequestError } from '@sagemaker-reranker/container';
import { cohereV1 } from '../../../container/src/codec/cohere-v1.js';
import { decode, encoded, errorOf, faultPath, outcome } from '../support/codec.js';

const documents = [{ title: 'A', text: 'a', year: 2020 }, 'plain'];

describe('cohereV1', () => {
  it('reads text where no fields are named', () => {
    expect(decode(cohereV1, { query: 'q', documents }).documents).toEqual(['a', 'plain']);
    expect(faultPath(cohereV1, { query: 'q', documents: [{ title: 'A' }] })).toBe('documents[0].text');
  });

  it('reads the ranked fields in their order', () => {
    const request = decode(cohereV1, { query: 'q', documents, rank_fields: ['year', 'none', 'title'] });
    expect(request.documents).toEqual(['2020\nA', 'plain']);
  });

  it.each([
    [{ rank_fields: [] }, 'rank_fields'],
    [{ rank_fields: 'title' }, 'rank_fields'],
    [{ rank_fields: [1] }, 'rank_fields[0]'],
    [{ rank_fields: ['none'] }, 'documents[0]'],
    [{ rank_fields: ['__proto__'] }, 'documents[0]'],
    [{ rank_fields: ['title'], documents: [{ title: ['A'] }] }, 'documents[0]'],
    [{ rank_fields: ['title'], documents: [3] }, 'documents[0]'],
    [{ max_chunks_per_doc: 'x' }, 'max_chunks_per_doc'],
  ])('refuses %j', (change, path) => {
    expect(faultPath(cohereV1, { query: 'q', documents, ...change })).toBe(path);
  });

  it('gives documents back as they came, when asked', () => {
    const request = decode(cohereV1, { query: 'q', documents, return_documents: true, top_n: 2 });
    expect(encoded(cohereV1, request, outcome(0, 0))).toMatchObject({
      id: 'id-1',
      results: [
        { index: 0, relevance_score: 0.5, document: documents[0] },
        { index: 1, relevance_score: 0.5, document: { text: 'plain' } },
      ],
      meta: { api_version: { version: '1' }, billed_units: { search_units: 1 } },
    });
    const silent = encoded(cohereV1, decode(cohereV1, { query: 'q', documents }), outcome(0, 0));
    expect(JSON.stringify(silent)).not.toContain('document');
  });

  it('tells an error by a message', () => {
    expect(errorOf(cohereV1, new RequestError('overloaded', 'full'))).toEqual({
      status: 429,
      body: { message: 'full' },
    });
  });
});
