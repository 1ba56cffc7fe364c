import { randomUUID } from 'node:crypto';
import type { Codec, RerankOutcome, RerankRequest } from './codec.js';
import {
  booleanField,
  countField,
  documentsField,
  Faults,
  kindOf,
  queryField,
  truncationFields,
  type Fields,
} from './fields.js';
import { ranked } from './rank.js';

/** Special tokens that a text alone has: the usage figures of this format count texts, not pairs. */
const SPECIAL_TOKENS = 2;

/**
 * The format of Jina's models on the AWS Marketplace, as the Python package `jina-sagemaker` speaks it. `data` holds
 * the request, as an object or as an array of one.
 */
export const jinaSagemaker: Codec = {
  name: 'jina-sagemaker',

  decode(fields, limits) {
    const faults = new Faults();
    const data = dataOf(fields, faults);
    const parameters = isObject(fields.parameters) ? fields.parameters : {};
    const options = { ...parameters, ...data };
    const request: RerankRequest = {
      query: queryField(data.query, 'data.query', faults),
      documents: documentsField(data.documents, 'data.documents', limits, faults),
      given: Array.isArray(data.documents) ? (data.documents as unknown[]) : [],
      topN: countField(options, 'top_n', faults),
      returnDocuments: booleanField(options, 'return_documents', true, faults),
      rawScores: booleanField(options, 'raw_scores', false, faults),
      truncation: truncationFields(options, faults),
      ...(typeof data.id === 'string' && { id: data.id }),
    };
    faults.throwIfAny();
    return request;
  },

  encode: (request, outcome) => ({ data: [record(request, outcome)], parameters: {} }),

  encodeError: (error) => ({ status: error.status, body: error.toBody() }),
};

/** One entry of `data`; on its own, the answer to a row of a batch. */
export function record(request: RerankRequest, outcome: RerankOutcome): object {
  return {
    id: request.id ?? newId(),
    query_usage: { id: newId(), total_tokens: outcome.queryTokens + SPECIAL_TOKENS },
    results: ranked(request, outcome).map(({ index, score }) => ({
      id: newId(),
      index,
      ...(request.returnDocuments && {
        document: { id: givenId(request.given![index]) ?? newId(), text: request.documents[index]! },
      }),
      relevance_score: score,
      usage: { id: newId(), total_tokens: outcome.documentTokens[index]! + SPECIAL_TOKENS },
    })),
  };
}

function dataOf(fields: Fields, faults: Faults): Fields {
  const { data } = fields;
  const entry: unknown = Array.isArray(data) && data.length === 1 ? data[0] : data;
  if (isObject(entry)) return entry;
  const given = Array.isArray(data) ? `an array of ${data.length}` : kindOf(data);
  faults.add('data', `is ${given}; it must be an object, or an array of one (send several as JSON lines)`);
  faults.throwIfAny();
  return {};
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function givenId(document: unknown): string | undefined {
  return isObject(document) && typeof document.id === 'string' ? document.id : undefined;
}

/** Ids there are hexadecimal without dashes. */
function newId(): string {
  return randomUUID().replaceAll('-', '');
}
