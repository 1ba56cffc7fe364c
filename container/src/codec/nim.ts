import type { Codec } from './codec.js';
import { decoder, model, options, optionsOf } from './options.js';
import { ranked } from './rank.js';
import { answerOf, choice, count, INTEGER, list, listOf, NUMBER, queryText, STRING, text } from './schema.js';

/** NVIDIA NIM's `/v1/ranking`: logits, best first. Truncation where `truncate` is absent is this project's addition. */
export const nim: Codec = {
  name: 'nim',
  owner: 'NVIDIA NIM',
  marks: ['passages'],
  routes: { '/v1/ranking': [] },
  ...decoder(
    {
      model,
      query: queryText(),
      passages: list(text),
      truncate: choice('END', 'NONE'),
      top_n: count(),
      ...options,
    },
    (given) => ({
      query: given.query,
      documents: given.passages,
      topN: given.top_n,
      returnDocuments: false,
      ...optionsOf({ ...given, truncate: given.truncate === 'END' ? 'right' : 'error' }),
      rawScores: true,
    }),
  ),
  example: { query: { text: 'the fox' }, passages: [{ text: 'the fox runs' }, { text: 'a b c' }] },
  answer: answerOf({ rankings: listOf(answerOf({ index: INTEGER, logit: NUMBER })) }),
  error: answerOf({ object: STRING, message: STRING, detail: { type: 'object' }, type: STRING }),

  encode: (request, outcome) => ({
    rankings: ranked(request, outcome).map(({ index, score }) => ({ index, logit: score })),
  }),

  encodeError: ({ status, message, details }) => ({
    status,
    body: {
      object: 'error',
      message,
      detail: details,
      type: status < 500 ? 'invalid_request_error' : 'internal_server_error',
    },
  }),
};
