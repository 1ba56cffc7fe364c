import type { RerankResponseBody, RerankResultBody, RerankStreamEndBody } from '@sagemaker-reranker/client';
import type { RequestError } from '../errors.js';
import type { Codec, RerankOutcome, RerankRequest } from './codec.js';
import { decoder, model, optionsOf, optionsWithTruncate } from './options.js';
import { ranked, scoreOf } from './rank.js';
import { answerOf, count, documents, flag, INTEGER, listOf, NUMBER, queryText, STRING } from './schema.js';

/**
 * The Jina API format, `/v1/rerank`; types in client/wire.ts. `raw_scores` and the fields of truncation are this
 * project's addition. Its error is this project's, with the `detail` that Jina's own has.
 */
export const jina = {
  name: 'jina',
  owner: 'Jina',
  marks: [],
  routes: { '/v1/rerank': [] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents,
      top_n: count(),
      return_documents: flag(true),
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
  example: {
    query: 'the fox',
    documents: ['the fox runs', 'a b c'],
    top_n: 1,
    raw_scores: true,
    truncate: 'left',
  },
  answer: answerOf({
    model: STRING,
    usage: answerOf({ total_tokens: INTEGER }),
    results: listOf(
      answerOf({ index: INTEGER, relevance_score: NUMBER, document: { type: 'object' } }, ['document']),
    ),
  }),
  error: answerOf({ detail: STRING, error: { type: 'object' } }),

  encode(
    request: RerankRequest,
    outcome: Pick<RerankOutcome, 'model' | 'logits' | 'totalTokens'>,
  ): RerankResponseBody {
    return {
      ...endOf(outcome),
      results: ranked(request, outcome).map(({ index, score }) => result(request, index, score)),
    };
  },

  encodeError: (error: RequestError) => ({
    status: error.status,
    body: { detail: error.message, ...error.toBody() },
  }),
} satisfies Codec;

/** A line of a streamed answer. */
export function streamLine(request: RerankRequest, index: number, logit: number): RerankResultBody {
  return result(request, index, scoreOf(request, logit));
}

/** The last line of a streamed answer. */
export function streamEnd(
  outcome: Pick<RerankOutcome, 'model' | 'totalTokens'>,
  timings: RerankStreamEndBody['timings'],
): RerankStreamEndBody {
  return { ...endOf(outcome), timings };
}

function endOf(outcome: Pick<RerankOutcome, 'model' | 'totalTokens'>) {
  return { model: outcome.model, usage: { total_tokens: outcome.totalTokens } };
}

function result(request: RerankRequest, index: number, score: number): RerankResultBody {
  return {
    index,
    relevance_score: score,
    ...(request.returnDocuments && { document: { text: request.documents[index]! } }),
  };
}
