import type { RerankResponseBody, RerankResultBody, RerankStreamEndBody } from '@sagemaker-reranker/client';
import type { RequestError } from '../errors.js';
import type { Codec, CodecLimits, RerankOutcome, RerankRequest } from './codec.js';
import {
  booleanField,
  checkModel,
  countField,
  documentsField,
  Faults,
  queryField,
  truncationFields,
  type Fields,
} from './fields.js';
import { ranked, scoreOf } from './rank.js';

/**
 * The Jina API format, `/v1/rerank`; types in client/wire.ts. `raw_scores` and the fields of truncation are this
 * project's addition. Its error is this project's, with the `detail` that Jina's own has.
 */
export const jina = {
  name: 'jina',

  decode(fields: Fields, limits: CodecLimits): RerankRequest {
    const faults = new Faults();
    checkModel(fields, faults);
    const request: RerankRequest = {
      query: queryField(fields.query, 'query', faults),
      documents: documentsField(fields.documents, 'documents', limits, faults),
      topN: countField(fields, 'top_n', faults),
      returnDocuments: booleanField(fields, 'return_documents', true, faults),
      rawScores: booleanField(fields, 'raw_scores', false, faults),
      truncation: truncationFields(fields, faults),
    };
    faults.throwIfAny();
    return request;
  },

  encode(
    request: RerankRequest,
    outcome: Pick<RerankOutcome, 'model' | 'logits' | 'totalTokens'>,
  ): RerankResponseBody {
    return {
      ...streamEnd(outcome),
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
export function streamEnd(outcome: Pick<RerankOutcome, 'model' | 'totalTokens'>): RerankStreamEndBody {
  return { model: outcome.model, usage: { total_tokens: outcome.totalTokens } };
}

function result(request: RerankRequest, index: number, score: number): RerankResultBody {
  return {
    index,
    relevance_score: score,
    ...(request.returnDocuments && { document: { text: request.documents[index]! } }),
  };
}
