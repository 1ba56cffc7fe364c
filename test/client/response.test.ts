import fc from 'fast-check';
import { InvalidResponseError } from '@sagemaker-reranker/client';
import { decodeResponse } from '../../client/src/response.js';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const answer = (results: unknown, rest: object = {}) =>
  bytes({ model: 'tiny', usage: { total_tokens: 12 }, results, ...rest });
const asked = { documents: 3, expected: 2 };
const good = [
  { index: 2, relevance_score: 0.9 },
  { index: 0, relevance_score: 0.1 },
];

it('reads rankings in the order of the endpoint', () => {
  expect(decodeResponse(answer(good), asked)).toEqual({
    rankings: [
      { index: 2, relevanceScore: 0.9 },
      { index: 0, relevanceScore: 0.1 },
    ],
    model: 'tiny',
    totalTokens: 12,
  });
});

it('forgives fields it does not know', () => {
  const more = good.map((ranking) => ({ ...ranking, document: null, extra: [1] }));
  expect(decodeResponse(answer(more, { id: 'x', warnings: [] }), asked).rankings).toHaveLength(2);
});

it.each([
  ['not JSON', Buffer.from('<html>'), 'not JSON'],
  ['nothing', Buffer.alloc(0), 'not JSON'],
  ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not JSON'],
  ['an array', bytes([]), 'must be an object'],
  ['null', bytes(null), 'must be an object'],
  ['no model', answer(good, { model: 1 }), '"model"'],
  ['no usage', answer(good, { usage: null }), '"usage"'],
  ['a negative token count', answer(good, { usage: { total_tokens: -1 } }), 'total_tokens'],
  ['no results', answer(null), '"results"'],
  ['too few results', answer(good.slice(1)), 'holds 1 rankings where 2'],
  ['a ranking that is null', answer([null, good[0]]), 'results[0]'],
  ['an index beyond the documents', answer([good[0], { index: 3, relevance_score: 0 }]), 'results[1].index'],
  ['an index that is no integer', answer([good[0], { index: '0', relevance_score: 0 }]), 'results[1].index'],
  ['an index twice', answer([good[0], good[0]]), 'comes twice'],
  ['a score that is null', answer([good[0], { index: 0, relevance_score: null }]), 'relevance_score'],
])('refuses %s', (_, body, message) => {
  expect(() => decodeResponse(body, asked)).toThrow(InvalidResponseError);
  expect(() => decodeResponse(body, asked)).toThrow(message);
});

it('gives rankings of different documents or an InvalidResponseError, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.record({ index: fc.nat(4), relevance_score: fc.double() })),
      (rest, results) => {
        const body = answer(results, typeof rest === 'object' && rest !== null ? rest : {});
        try {
          const { rankings } = decodeResponse(body, asked);
          expect(new Set(rankings.map((ranking) => ranking.index)).size).toBe(asked.expected);
          expect(rankings.every(({ index }) => index < asked.documents)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidResponseError);
        }
      },
    ),
  );
});
