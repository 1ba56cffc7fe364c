import type { RequestError } from '../errors.js';
import type { Codec, EncodedError } from './codec.js';
import { decoder, model, optionsOf, optionsWithTruncate, type RequestOptions } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  choice,
  count,
  documents,
  type Field,
  flag,
  INTEGER,
  listOf,
  NUMBER,
  optional,
  type Reading,
  queryText,
  type Schema,
  STRING,
  type Values,
} from './schema.js';

const positive = count();

/** Tokens of the whole pair; -1 is what the model takes. */
const truncatePromptTokens: Field<number | undefined> = {
  schema: { type: 'integer', minimum: -1 },
  read: (value, path, reading) => (value === -1 ? undefined : positive.read(value, path, reading)),
};

const truncationSide = optional(choice('right', 'left'));

/** Fields that vLLM's requests have beside query and documents. */
export const vllmOptions = {
  truncate_prompt_tokens: truncatePromptTokens,
  truncation_side: truncationSide,
  use_activation: flag(true),
  ...optionsWithTruncate,
};

/** vLLM's activation is the one that the model's files name. */
export function vllmOptionsOf(
  given: Values<typeof vllmOptions>,
  { limits }: Pick<Reading, 'limits'>,
): RequestOptions {
  const { rawScores, truncation } = optionsOf({
    ...given,
    truncate: given.truncation_side ?? given.truncate,
  });
  return {
    rawScores: rawScores || !given.use_activation || limits.activation === 'identity',
    truncation: { ...truncation, maxPairTokens: given.truncate_prompt_tokens },
  };
}

export const vllmUsage = answerOf({ prompt_tokens: INTEGER, total_tokens: INTEGER });

/** Errors are those of its OpenAI-compatible server (`ErrorResponse` in vllm/entrypoints/openai/protocol.py). */
export const vllmError: Schema = answerOf({
  error: answerOf({
    message: STRING,
    type: STRING,
    param: { type: ['string', 'null'] },
    code: { type: 'integer' },
  }),
});

/** vLLM's `/rerank`. */
export const vllm: Codec = {
  name: 'vllm',
  owner: 'vLLM',
  marks: ['truncate_prompt_tokens', 'truncation_side', 'use_activation'],
  routes: { '/rerank': ['documents'], '/v1/rerank': ['use_activation'], '/v2/rerank': ['use_activation'] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents,
      top_n: count(0),
      return_documents: flag(true),
      ...vllmOptions,
    },
    (given, _fields, reading) => ({
      query: given.query,
      documents: given.documents,
      // 0 means all.
      topN: given.top_n || undefined,
      returnDocuments: given.return_documents,
      ...vllmOptionsOf(given, reading),
    }),
  ),
  example: { query: 'the fox', documents: ['the fox runs', 'a b c'], truncate_prompt_tokens: -1 },
  answer: answerOf({
    id: STRING,
    model: STRING,
    usage: vllmUsage,
    results: listOf(
      answerOf({ index: INTEGER, relevance_score: NUMBER, document: { type: 'object' } }, ['document']),
    ),
  }),
  error: vllmError,

  encode: (request, outcome) => ({
    id: `rerank-${outcome.requestId}`,
    model: outcome.model,
    usage: { prompt_tokens: outcome.totalTokens, total_tokens: outcome.totalTokens },
    results: ranked(request, outcome).map(({ index, score }) => ({
      index,
      ...(request.returnDocuments && { document: { text: request.documents[index]! } }),
      relevance_score: score,
    })),
  }),

  encodeError: encodeVllmError,
};

export function encodeVllmError(error: RequestError): EncodedError {
  // A field at fault is a bad request there, not 422.
  const status = error.status === 422 ? 400 : error.status;
  const param = typeof error.details.path === 'string' ? error.details.path : null;
  return { status, body: { error: { message: error.message, type: typeOf(error), param, code: status } } };
}

function typeOf({ status }: RequestError): string {
  if (status === 404) return 'NotFoundError';
  if (status === 429) return 'RateLimitError';
  if (status === 503) return 'ServiceUnavailableError';
  return status < 500 ? 'BadRequestError' : 'InternalServerError';
}
