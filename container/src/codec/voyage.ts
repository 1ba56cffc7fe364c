import type { Codec } from './codec.js';
import { decoder, model, options, optionsOf } from './options.js';
import { ranked } from './rank.js';
import { answerOf, count, documents, flag, INTEGER, listOf, NUMBER, queryText, STRING } from './schema.js';

/** Voyage AI's `/v1/rerank`: `top_k`, documents as strings, and `data` for results; `truncation: false` is an error for what is too long. */
export const voyage: Codec = {
  name: 'voyage',
  owner: 'Voyage AI',
  marks: ['top_k', 'truncation'],
  routes: { '/v1/rerank': ['top_k'] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents,
      top_k: count(),
      return_documents: flag(false),
      truncation: flag(true),
      ...options,
    },
    (given) => ({
      query: given.query,
      documents: given.documents,
      topN: given.top_k,
      returnDocuments: given.return_documents,
      ...optionsOf({ ...given, truncate: given.truncation ? 'right' : 'error' }),
    }),
  ),
  example: { query: 'the fox', documents: ['the fox runs', 'a b c'], top_k: 1 },
  answer: answerOf({
    object: STRING,
    data: listOf(answerOf({ index: INTEGER, relevance_score: NUMBER, document: STRING }, ['document'])),
    model: STRING,
    usage: answerOf({ total_tokens: INTEGER }),
  }),
  error: answerOf({ detail: STRING }),

  encode: (request, outcome) => ({
    object: 'list',
    data: ranked(request, outcome).map(({ index, score }) => ({
      index,
      relevance_score: score,
      document: request.returnDocuments ? request.documents[index] : undefined,
    })),
    model: outcome.model,
    usage: { total_tokens: outcome.totalTokens },
  }),

  // A field at fault is a bad request there, not 422.
  encodeError: ({ status, message }) => ({
    status: status === 422 ? 400 : status,
    body: { detail: message },
  }),
};
