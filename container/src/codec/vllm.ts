import type { RequestError } from '../errors.js';
import type { Codec, RerankRequest } from './codec.js';
import {
  booleanField,
  checkModel,
  countField,
  documentsField,
  Faults,
  queryField,
  truncationFields,
} from './fields.js';
import { ranked } from './rank.js';

/**
 * vLLM's `/rerank`. `truncate_prompt_tokens` limits the whole pair, -1 to what the model takes. Errors are those of its
 * OpenAI-compatible server (`ErrorResponse` in vllm/entrypoints/openai/protocol.py).
 */
export const vllm: Codec = {
  name: 'vllm',

  decode(fields, limits) {
    const faults = new Faults();
    checkModel(fields, faults);
    const whole = fields.truncate_prompt_tokens === -1;
    const maxPairTokens = whole ? undefined : countField(fields, 'truncate_prompt_tokens', faults);
    const request: RerankRequest = {
      query: queryField(fields.query, 'query', faults),
      documents: documentsField(fields.documents, 'documents', limits, faults),
      // 0 means all.
      topN: countField(fields, 'top_n', faults, 0) || undefined,
      returnDocuments: booleanField(fields, 'return_documents', true, faults),
      rawScores: booleanField(fields, 'raw_scores', false, faults),
      truncation: {
        ...truncationFields(fields, faults),
        ...(maxPairTokens !== undefined && { maxPairTokens }),
      },
    };
    faults.throwIfAny();
    return request;
  },

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

  encodeError(error) {
    // A field at fault is a bad request there, not 422.
    const status = error.status === 422 ? 400 : error.status;
    const param = typeof error.details.path === 'string' ? error.details.path : null;
    return { status, body: { error: { message: error.message, type: typeOf(error), param, code: status } } };
  },
};

function typeOf({ status }: RequestError): string {
  if (status === 404) return 'NotFoundError';
  if (status === 429) return 'RateLimitError';
  if (status === 503) return 'ServiceUnavailableError';
  return status < 500 ? 'BadRequestError' : 'InternalServerError';
}
