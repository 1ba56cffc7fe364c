import { RequestError } from '../errors.js';
import type { Codec, RerankRequest } from './codec.js';
import {
  booleanField,
  choiceField,
  countField,
  documentsField,
  Faults,
  kindOf,
  queryField,
  truncationFields,
  type Fields,
} from './fields.js';
import { ranked } from './rank.js';

/**
 * `/rerank` of text-embeddings-inference: a bare array, `{ error, error_type }`, and timings in headers
 * (router/src/http/{server,types}.rs). `top_n` is this project's addition, and so is truncation where `truncate` is
 * absent; an explicit false refuses what is too long, as there.
 */
export const tei: Codec = {
  name: 'tei',

  decode(fields, limits) {
    if (Array.isArray(fields.texts) && fields.texts.length === 0) {
      throw new RequestError('invalid_request', 'texts is empty; it must hold at least one document', {
        path: 'texts',
        empty: true,
      });
    }
    const faults = new Faults();
    const request: RerankRequest = {
      query: queryField(fields.query, 'query', faults),
      documents: documentsField(fields.texts, 'texts', limits, faults, string),
      topN: countField(fields, 'top_n', faults),
      returnDocuments: booleanField(fields, 'return_text', false, faults),
      rawScores: booleanField(fields, 'raw_scores', false, faults),
      truncation: truncationFields(fields, faults, truncate(fields, faults)),
    };
    faults.throwIfAny();
    return request;
  },

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

function truncate(fields: Fields, faults: Faults): 'right' | 'left' | 'error' {
  // The words are capitalised in the API's schema, and lower case in its command line.
  const direction = choiceField(fields, 'truncation_direction', ['right', 'left', 'Right', 'Left'], faults);
  if (!booleanField(fields, 'truncate', true, faults)) return 'error';
  return direction.toLowerCase() === 'left' ? 'left' : 'right';
}

function string(value: unknown, path: string, faults: Faults): string {
  if (typeof value === 'string') return value;
  faults.add(path, `is ${kindOf(value)}; it must be a string`);
  return '';
}

function kind(error: RequestError): { status: number; type: string } {
  if (error.details.empty === true) return { status: 400, type: 'Empty' };
  if (error.status === 429) return { status: 429, type: 'Overloaded' };
  if (error.status === 503) return { status: 503, type: 'Unhealthy' };
  if (error.status >= 500) return { status: 424, type: 'Backend' };
  // The reader of bodies knows 413 and 415, a route 404 and 405; whatever is wrong inside a body is 422.
  return { status: error.status === 400 ? 422 : error.status, type: 'Validation' };
}
