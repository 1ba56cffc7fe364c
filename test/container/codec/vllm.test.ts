import { RequestError } from '@sagemaker-reranker/container';
import { vllm } from '../../../container/src/codec/vllm.js';
import { decode, encoded, errorOf, faultPath, outcome } from '../support/codec.js';

const body = { model: 'm', query: 'q', documents: ['a', 'b'] };

describe('vllm', () => {
  it('reads a request; top_n 0 is all, truncate_prompt_tokens -1 is what the model takes', () => {
    expect(decode(vllm, { ...body, top_n: 0, truncate_prompt_tokens: -1 })).toEqual({
      query: 'q',
      documents: ['a', 'b'],
      topN: undefined,
      returnDocuments: true,
      rawScores: false,
      truncation: { truncate: 'right', longDocuments: 'truncate' },
    });
    const cut = decode(vllm, { ...body, top_n: 2, truncate_prompt_tokens: 40, max_tokens_per_doc: 9 });
    expect(cut).toMatchObject({ topN: 2, truncation: { maxPairTokens: 40, maxTokensPerDocument: 9 } });
    expect(faultPath(vllm, { ...body, top_n: -1 })).toBe('top_n');
    expect(faultPath(vllm, { ...body, truncate_prompt_tokens: 0 })).toBe('truncate_prompt_tokens');
  });

  it('answers with id, model, usage and results', () => {
    expect(encoded(vllm, decode(vllm, { ...body, raw_scores: true, top_n: 1 }), outcome(1, 2))).toEqual({
      id: 'rerank-id-1',
      model: 'm',
      usage: { prompt_tokens: 21, total_tokens: 21 },
      results: [{ index: 1, document: { text: 'b' }, relevance_score: 2 }],
    });
  });

  it('tells errors as its OpenAI-compatible server does', () => {
    expect(errorOf(vllm, new RequestError('invalid_request', 'm', { path: 'query' }))).toEqual({
      status: 400,
      body: { error: { message: 'm', type: 'BadRequestError', param: 'query', code: 400 } },
    });
    expect(errorOf(vllm, new RequestError('inference_failed', 'm'))).toEqual({
      status: 500,
      body: { error: { message: 'm', type: 'InternalServerError', param: null, code: 500 } },
    });
  });
});
