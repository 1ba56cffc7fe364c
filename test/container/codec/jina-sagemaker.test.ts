import { jinaSagemaker, record } from '../../../container/src/codec/index.js';
import { decode, encoded, faultPath, outcome } from '../support/codec.js';

const data = { query: 'q', documents: [{ text: 'a', id: 'doc-a' }, { text: 'b' }], top_n: 2 };
const hex = expect.stringMatching(/^[0-9a-f]{32}$/) as string;

describe('jinaSagemaker', () => {
  it('reads data as an object and as an array of one', () => {
    const request = decode(jinaSagemaker, { data });
    expect(request).toMatchObject({ query: 'q', documents: ['a', 'b'], topN: 2, returnDocuments: true });
    expect(decode(jinaSagemaker, { data: [data] })).toEqual(request);
    expect(decode(jinaSagemaker, { data, parameters: { raw_scores: true } }).rawScores).toBe(true);
  });

  it.each([
    [{ data: 3 }, 'data'],
    [{ data: [] }, 'data'],
    [{ data: [data, data] }, 'data'],
    [{ data: { ...data, query: '' } }, 'data.query'],
    [{ data: { ...data, documents: [1] } }, 'data.documents[0]'],
  ])('refuses %j', (body, path) => {
    expect(faultPath(jinaSagemaker, body)).toBe(path);
  });

  it('answers with ids and the tokens of each text alone, two special tokens included', () => {
    const request = decode(jinaSagemaker, { data, raw_scores: false, parameters: { raw_scores: true } });
    expect(encoded(jinaSagemaker, request, outcome(1, 2))).toEqual({
      data: [
        {
          id: hex,
          query_usage: { id: hex, total_tokens: 6 },
          results: [
            {
              id: hex,
              index: 1,
              document: { id: hex, text: 'b' },
              relevance_score: 2,
              usage: { id: hex, total_tokens: 8 },
            },
            {
              id: hex,
              index: 0,
              document: { id: 'doc-a', text: 'a' },
              relevance_score: 1,
              usage: { id: hex, total_tokens: 7 },
            },
          ],
        },
      ],
      parameters: {},
    });
  });

  it('keeps the id of a record', () => {
    const request = decode(jinaSagemaker, { data: { ...data, id: 'row-7' } });
    expect(record(request, outcome(1, 2))).toMatchObject({ id: 'row-7' });
  });
});
