import type { RequestError } from '../errors.js';
import type { Codec } from './codec.js';
import { decoder, options, optionsOf } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  choice,
  count,
  flag,
  INTEGER,
  list,
  listOf,
  NUMBER,
  queryText,
  STRING,
  string,
} from './schema.js';

/**
 * `/rerank` of text-embeddings-inference: a bare array, `{ error, error_type }`, and timings in headers
 * (router/src/http/{server,types}.rs). `top_n` is this project's addition, and so is truncation where `truncate` is
 * absent; an explicit false refuses what is too long, as there.
 */
export const tei: Codec = {
  name: 'tei',
  owner: 'text-embeddings-inference',
  marks: ['texts', 'truncation_direction'],
  routes: { '/rerank': ['texts'] },
  ...decoder(
    {
      query: queryText(),
      texts: list(string),
      top_n: count(),
      truncate: flag(true),
      // The words are capitalised in the API's schema, and lower case in its command line.
      truncation_direction: choice('right', 'left', 'Right', 'Left'),
      return_text: flag(false),
      ...options,
    },
    ({ truncate, truncation_direction: direction, ...given }) => ({
      query: given.query,
      documents: given.texts,
      topN: given.top_n,
      returnDocuments: given.return_text,
      ...optionsOf({
        ...given,
        truncate: truncate ? (direction.toLowerCase() as 'right' | 'left') : 'error',
      }),
    }),
  ),
  example: { query: 'the fox', texts: ['the fox runs', 'a b c'], truncate: true },
  answer: listOf(answerOf({ index: INTEGER, score: NUMBER, text: STRING }, ['text'])),
  error: answerOf({
    error: STRING,
    error_type: { enum: ['Unhealthy', 'Backend', 'Overloaded', 'Validation', 'Tokenizer', 'Empty'] },
  }),

  encode: (request, outcome) =>
    ranked(request, outcome).map(({ index, score }) => ({
      index,
      score,
      ...(request.returnDocuments && { text: request.documents[index]! }),
    })),

  encodeError(error) {
    const { status, type } = kind(error);
    return { status, body: { error: error.message, error_type: type } };
  },

  headers(request, { totalTokens, timings }) {
    const ms = (value: number): string => String(Math.round(value));
    const characters = request.documents.reduce((sum, text) => sum + text.length, request.query.length);
    return {
      'x-compute-type': 'cpu',
      'x-compute-time': ms(timings.tokenize + timings.queue + timings.inference),
      'x-compute-characters': String(characters),
      'x-compute-tokens': String(totalTokens),
      'x-tokenization-time': ms(timings.tokenize),
      'x-queue-time': ms(timings.queue),
      'x-inference-time': ms(timings.inference),
    };
  },
};

/** Sizes that TEI's own validation refuses with 413, on which its clients split a request. */
const TOO_LARGE = new Set(['too_many_documents', 'too_many_tokens', 'input_too_long', 'payload_too_large']);

function kind({ code, status, details }: RequestError): { status: number; type: string } {
  if (details.empty === true && details.path === 'texts') return { status: 400, type: 'Empty' };
  if (TOO_LARGE.has(code) || details.empty === true) return { status: 413, type: 'Validation' };
  if (status === 429) return { status: 429, type: 'Overloaded' };
  if (status === 503) return { status: 503, type: 'Unhealthy' };
  if (status >= 500) return { status: 424, type: 'Backend' };
  // What cannot be read as the request it should be is 422; the reader of bodies knows 415, a route 404 and 405.
  return { status: status === 400 ? 422 : status, type: 'Validation' };
}
