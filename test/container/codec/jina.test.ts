import fc from 'fast-check';
import { jina, parseObject, type RerankRequest } from '../../../container/src/codec/index.js';
import { TRUNCATE_RIGHT } from '../../../container/src/engine/index.js';
import { RequestError } from '@sagemaker-reranker/container';

const limits = { maxDocuments: 3 };

const read = (text: string, within = limits) => jina.decode(parseObject(Buffer.from(text)), within);

function decode(body: unknown) {
  return read(JSON.stringify(body));
}

function refused(body: unknown): RequestError {
  try {
    decode(body);
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    return error as RequestError;
  }
  throw new Error('the body was accepted');
}

const valid = { query: 'q', documents: ['a', { text: 'b' }] };

describe('jina.decode', () => {
  it('reads strings and { text }, with the defaults of the Jina API', () => {
    expect(decode(valid)).toEqual({
      query: 'q',
      documents: ['a', 'b'],
      topN: undefined,
      returnDocuments: true,
      rawScores: false,
      truncation: { truncate: 'right', longDocuments: 'truncate' },
    });
  });

  it('reads every option, and ignores fields it does not know', () => {
    const body = {
      model: 'm',
      query: { text: 'q', extra: 1 },
      documents: [{ text: '', id: 7 }],
      top_n: 9,
      return_documents: false,
      raw_scores: true,
      truncate: 'left',
      max_tokens_per_doc: 100,
      long_documents: 'max_passage',
      truncation: true,
    };
    expect(decode(body)).toEqual({
      query: 'q',
      documents: [''],
      topN: 9,
      returnDocuments: false,
      rawScores: true,
      truncation: { truncate: 'left', maxTokensPerDocument: 100, longDocuments: 'max_passage' },
    });
  });

  it('takes null for an absent option', () => {
    const nulls = { model: null, top_n: null, return_documents: null, raw_scores: null };
    expect(decode({ ...valid, ...nulls })).toEqual(decode(valid));
  });

  it.each([
    [{ documents: ['a'] }, 'query'],
    [{ ...valid, query: '' }, 'query'],
    [{ ...valid, query: ' \n\t' }, 'query'],
    [{ ...valid, query: null }, 'query'],
    [{ ...valid, query: 5 }, 'query'],
    [{ ...valid, query: ['q'] }, 'query'],
    [{ ...valid, query: {} }, 'query.text'],
    [{ ...valid, query: { text: 5 } }, 'query.text'],
    [{ ...valid, query: { text: '' } }, 'query'],
    [{ query: 'q' }, 'documents'],
    [{ ...valid, documents: [] }, 'documents'],
    [{ ...valid, documents: 'a' }, 'documents'],
    [{ ...valid, documents: { 0: 'a' } }, 'documents'],
    [{ ...valid, documents: ['a', 1] }, 'documents[1]'],
    [{ ...valid, documents: [null] }, 'documents[0]'],
    [{ ...valid, documents: [['a']] }, 'documents[0]'],
    [{ ...valid, documents: ['a', {}] }, 'documents[1].text'],
    [{ ...valid, documents: ['a', 'b', { text: null }] }, 'documents[2].text'],
    [{ ...valid, top_n: 0 }, 'top_n'],
    [{ ...valid, top_n: 1.5 }, 'top_n'],
    [{ ...valid, top_n: '3' }, 'top_n'],
    [{ ...valid, return_documents: 'yes' }, 'return_documents'],
    [{ ...valid, raw_scores: 1 }, 'raw_scores'],
    [{ ...valid, model: 3 }, 'model'],
    [{ ...valid, truncate: 'middle' }, 'truncate'],
    [{ ...valid, truncate: true }, 'truncate'],
    [{ ...valid, max_tokens_per_doc: 0 }, 'max_tokens_per_doc'],
    [{ ...valid, long_documents: 'split' }, 'long_documents'],
    [[valid], ''],
    ['text', ''],
    [null, ''],
  ])('refuses %j with 422 and the path %j', (body, path) => {
    const error = refused(body);
    expect(error).toMatchObject({ code: 'invalid_request', status: 422 });
    expect(error.details).toMatchObject({ path });
  });

  it('lists the first faults and counts them all', () => {
    const wide = { maxDocuments: 100 };
    const body = JSON.stringify({ documents: Array(50).fill(1) });
    expect(() => read(body, wide)).toThrow('query is missing');
    try {
      read(body, wide);
    } catch (error) {
      const { faults, total } = (error as RequestError).details as { faults: unknown[]; total: number };
      expect(faults).toHaveLength(10);
      expect(total).toBe(51);
    }
  });

  it('refuses too many documents before it looks at them', () => {
    const error = refused({ query: 'q', documents: [1, 2, 3, 4] });
    expect(error).toMatchObject({ code: 'too_many_documents', status: 422 });
    expect(error.details).toEqual({ path: 'documents', given: 4, limit: 3 });
  });

  it('does not repeat the body in the error about its syntax', () => {
    for (const text of ['{"query": "secret', '"secret', '{"query": secret}', '']) {
      expect(() => read(text)).toThrow(
        expect.objectContaining({ code: 'invalid_json', status: 400 }) as Error,
      );
      try {
        read(text);
      } catch (error) {
        expect(JSON.stringify((error as RequestError).toBody())).not.toContain('secret');
      }
    }
  });

  it('is not led astray by __proto__ and constructor keys', () => {
    const text =
      '{"__proto__":{"query":"p","documents":["p"]},"constructor":1,"query":"q","documents":[{"__proto__":{"text":"p"},"text":"a"}]}';
    expect(read(text)).toMatchObject({ query: 'q', documents: ['a'] });
    const inherited = '{"query":"q","documents":[{"__proto__":{"text":"p"}}]}';
    expect(() => read(inherited)).toThrow('documents[0].text is missing');
    expect(({} as Record<string, unknown>).query).toBeUndefined();
  });

  it('accepts or refuses any JSON with a RequestError, never another way', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
    );
  });
});

describe('jina.encode', () => {
  const request: RerankRequest = {
    query: 'q',
    documents: ['a', 'b', 'c'],
    returnDocuments: true,
    rawScores: false,
    truncation: TRUNCATE_RIGHT,
  };
  const outcome = { model: 'm', logits: Float32Array.of(0, 2, 0), totalTokens: 12 };
  const encode = (change: Partial<RerankRequest> = {}) => jina.encode({ ...request, ...change }, outcome);

  it('orders by score, ties by index, scores by the sigmoid', () => {
    expect(encode()).toEqual({
      model: 'm',
      usage: { total_tokens: 12 },
      results: [
        { index: 1, relevance_score: 1 / (1 + Math.exp(-2)), document: { text: 'b' } },
        { index: 0, relevance_score: 0.5, document: { text: 'a' } },
        { index: 2, relevance_score: 0.5, document: { text: 'c' } },
      ],
    });
  });

  it('gives the best top_n, raw scores, and no documents when asked', () => {
    expect(encode({ topN: 2, rawScores: true, returnDocuments: false }).results).toEqual([
      { index: 1, relevance_score: 2 },
      { index: 0, relevance_score: 0 },
    ]);
    expect(encode({ topN: 99 }).results).toHaveLength(3);
  });

  it('keeps scores finite and within 0 and 1, and their order that of the logits', () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), (values) => {
        const logits = Float32Array.from(values);
        const documents = values.map(String);
        const { results } = jina.encode({ ...request, documents }, { ...outcome, logits });
        expect(results.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...values.keys()]);
        results.forEach(({ index, relevance_score, document }, place) => {
          expect(relevance_score).toBeGreaterThanOrEqual(0);
          expect(relevance_score).toBeLessThanOrEqual(1);
          expect(document?.text).toBe(documents[index]);
          const next = results[place + 1];
          if (next === undefined) return;
          expect(logits[index]!).toBeGreaterThanOrEqual(logits[next.index]!);
          if (logits[index] === logits[next.index]) expect(index).toBeLessThan(next.index);
        });
      }),
    );
  });
});
