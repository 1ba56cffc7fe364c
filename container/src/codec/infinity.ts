import type { Codec } from './codec.js';
import { decoder, model, optionsOf, optionsWithTruncate } from './options.js';
import { ranked } from './rank.js';
import { answerOf, count, documents, flag, INTEGER, listOf, NUMBER, queryText, STRING } from './schema.js';

/**
 * Infinity's `/rerank`: as Jina's, but a result's document is a string. vLLM has the same route and the same request, and gives
 * documents back as objects; so this one is spoken below a prefix, which a client of Infinity takes as part of its base URL. On
 * /invocations it must be named.
 */
export const infinity: Codec = {
  name: 'infinity',
  owner: 'Infinity',
  marks: [],
  routes: { '/infinity/rerank': [] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents,
      top_n: count(),
      return_documents: flag(false),
      ...optionsWithTruncate,
    },
    (given) => ({
      query: given.query,
      documents: given.documents,
      topN: given.top_n,
      returnDocuments: given.return_documents,
      ...optionsOf(given),
    }),
  ),
  example: { query: 'the fox', documents: ['the fox runs', 'a b c'], return_documents: true },
  answer: answerOf({
    object: STRING,
    id: STRING,
    model: STRING,
    results: listOf(answerOf({ index: INTEGER, relevance_score: NUMBER, document: STRING }, ['document'])),
    usage: answerOf({ prompt_tokens: INTEGER, total_tokens: INTEGER }),
  }),
  error: answerOf({ error: answerOf({ message: STRING, type: STRING, code: { type: 'integer' } }) }),

  encode: (request, outcome) => ({
    object: 'rerank',
    id: `infinity-${outcome.requestId}`,
    model: outcome.model,
    results: ranked(request, outcome).map(({ index, score }) => ({
      relevance_score: score,
      index,
      document: request.returnDocuments ? request.documents[index] : undefined,
    })),
    usage: { prompt_tokens: outcome.totalTokens, total_tokens: outcome.totalTokens },
  }),

  encodeError: ({ status, message, code }) => ({
    status,
    body: { error: { message, type: code, code: status } },
  }),
};
