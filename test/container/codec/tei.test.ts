import { RequestError } from '@sagemaker-reranker/container';
import { tei } from '../../../container/src/codec/tei.js';
import { decode, encoded, errorOf, faultPath, outcome } from '../support/codec.js';

const body = { query: 'q', texts: ['a', 'bc'] };

describe('tei', () => {
  it('reads a request and how it wants long texts cut', () => {
    expect(decode(tei, body)).toMatchObject({
      documents: ['a', 'bc'],
      returnDocuments: false,
      rawScores: false,
      truncation: { truncate: 'right' },
    });
    const cut = (change: object) => decode(tei, { ...body, ...change }).truncation.truncate;
    expect(cut({ truncate: false })).toBe('error');
    expect(cut({ truncate: true })).toBe('right');
    expect(cut({ truncate: true, truncation_direction: 'Left' })).toBe('left');
    expect(cut({ truncation_direction: 'left' })).toBe('left');
  });

  it.each([
    [{ texts: 'a' }, 'texts'],
    [{ texts: [{ text: 'a' }] }, 'texts[0]'],
    [{ truncate: 'yes' }, 'truncate'],
    [{ truncation_direction: 'up' }, 'truncation_direction'],
    [{ return_text: 1 }, 'return_text'],
    [{ query: '' }, 'query'],
  ])('refuses %j', (change, path) => {
    expect(faultPath(tei, { ...body, ...change })).toBe(path);
  });

  it('answers with a bare array, highest score first', () => {
    const request = decode(tei, { ...body, raw_scores: true, return_text: true });
    expect(encoded(tei, request, outcome(-1, 2))).toEqual([
      { index: 1, score: 2, text: 'bc' },
      { index: 0, score: -1, text: 'a' },
    ]);
    expect(encoded(tei, decode(tei, body), outcome(0, 0))).toEqual([
      { index: 0, score: 0.5 },
      { index: 1, score: 0.5 },
    ]);
  });

  it('tells tokens and times in headers', () => {
    expect(tei.headers!(decode(tei, body), outcome(0, 0))).toEqual({
      'x-compute-type': 'cpu',
      'x-compute-time': '7',
      'x-compute-characters': '4',
      'x-compute-tokens': '21',
      'x-tokenization-time': '1',
      'x-queue-time': '3',
      'x-inference-time': '3',
    });
  });

  it('has its own kinds of errors', () => {
    const kinds = (
      ['not_ready', 'worker_crashed', 'overloaded', 'input_too_long', 'invalid_json'] as const
    ).map((code) => errorOf(tei, new RequestError(code, 'm')));
    expect(kinds).toEqual([
      { status: 503, body: { error: 'm', error_type: 'Unhealthy' } },
      { status: 424, body: { error: 'm', error_type: 'Backend' } },
      { status: 429, body: { error: 'm', error_type: 'Overloaded' } },
      { status: 413, body: { error: 'm', error_type: 'Validation' } },
      { status: 422, body: { error: 'm', error_type: 'Validation' } },
    ]);
    let empty: unknown;
    try {
      decode(tei, { query: 'q', texts: [] });
    } catch (error) {
      empty = errorOf(tei, error as RequestError);
    }
    expect(empty).toMatchObject({ status: 400, body: { error_type: 'Empty' } });
  });
});
