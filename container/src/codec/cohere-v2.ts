import type { Codec, RerankOutcome, RerankRequest } from './codec.js';
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

/** Default of `max_tokens_per_doc` in the Cohere v2 API. */
const MAX_TOKENS_PER_DOCUMENT = 4_096;
/** A search unit is one query with up to 100 documents; a document over 500 tokens with its query counts as several. */
const UNIT_DOCUMENTS = 100;
const UNIT_TOKENS = 500;

/** The Cohere v2 API, `/v2/rerank`. */
export const cohereV2: Codec = {
  name: 'cohere-v2',

  decode(fields, limits) {
    const faults = new Faults();
    checkModel(fields, faults);
    const request: RerankRequest = {
      query: queryField(fields.query, 'query', faults),
      documents: documentsField(fields.documents, 'documents', limits, faults),
      topN: countField(fields, 'top_n', faults),
      returnDocuments: booleanField(fields, 'return_documents', false, faults),
      rawScores: booleanField(fields, 'raw_scores', false, faults),
      truncation: { maxTokensPerDocument: MAX_TOKENS_PER_DOCUMENT, ...truncationFields(fields, faults) },
    };
    faults.throwIfAny();
    return request;
  },

  encode: (request, outcome) => ({
    id: outcome.requestId,
    results: ranked(request, outcome).map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(request.returnDocuments && { document: { text: request.documents[index]! } }),
    })),
    meta: meta('2', outcome),
  }),

  encodeError: (error, requestId) => ({
    status: error.status,
    body: { id: requestId, message: error.message },
  }),
};

/** The usage figures of both Cohere versions; how search units count is from Cohere's pricing page. */
export function meta(version: '1' | '2', outcome: RerankOutcome): object {
  const documents = outcome.tokens.reduce((sum, tokens) => sum + Math.ceil(tokens / UNIT_TOKENS), 0);
  return {
    api_version: { version },
    billed_units: { search_units: Math.ceil(documents / UNIT_DOCUMENTS) },
    tokens: { input_tokens: outcome.totalTokens },
  };
}
