import type { RequestError } from '../errors.js';
import type { Codec, RerankRequest } from './codec.js';
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

/**
 * `Rerank` of Amazon Bedrock (API version 2023-07-26 of bedrock-agent-runtime). What this project adds stands at the
 * top or, where the caller's SDK lets no other field through, in `modelConfiguration.additionalModelRequestFields`.
 * All results come on one page: there is never a `nextToken`.
 */
export const bedrock: Codec = {
  name: 'bedrock',

  decode(fields, limits) {
    const faults = new Faults();
    const configuration = object(fields, 'rerankingConfiguration', '', faults);
    const at = 'rerankingConfiguration.bedrockRerankingConfiguration';
    const inner = object(configuration, 'bedrockRerankingConfiguration', 'rerankingConfiguration.', faults);
    const model = object(inner, 'modelConfiguration', `${at}.`, faults);
    const more = object(model, 'additionalModelRequestFields', `${at}.modelConfiguration.`, faults);
    const options = { ...more, ...fields };
    if (fields.nextToken !== undefined && fields.nextToken !== null) {
      faults.add('nextToken', 'belongs to no page; all results come on one');
    }
    const request: RerankRequest = {
      query: query(fields.queries, faults),
      documents: documentsField(fields.sources, 'sources', limits, faults, source),
      given: Array.isArray(fields.sources) ? (fields.sources as unknown[]) : [],
      topN: countField(inner, 'numberOfResults', faults),
      returnDocuments: booleanField(options, 'return_documents', false, faults),
      rawScores: booleanField(options, 'raw_scores', false, faults),
      truncation: truncationFields(options, faults),
    };
    faults.throwIfAny();
    return request;
  },

  encode: (request, outcome) => ({
    results: ranked(request, outcome).map(({ index, score }) => ({
      index,
      relevanceScore: score,
      ...(request.returnDocuments && {
        document: (request.given![index] as Fields).inlineDocumentSource,
      }),
    })),
  }),

  encodeError(error) {
    const { status, type } = kind(error);
    return { status, body: { message: error.message }, headers: { 'x-amzn-ErrorType': type } };
  },
};

/** A member that may be absent; anything but an object is a fault. */
function object(fields: Fields, name: string, prefix: string, faults: Faults): Fields {
  const value = fields[name];
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  faults.add(`${prefix}${name}`, `is ${kindOf(value)}; it must be an object`);
  return {};
}

function query(value: unknown, faults: Faults): string {
  if (!Array.isArray(value) || value.length !== 1) {
    const given = Array.isArray(value) ? `an array of ${value.length}` : kindOf(value);
    faults.add('queries', `is ${given}; it must be an array of exactly one query`);
    return '';
  }
  const fields = entry(value[0], 'queries[0]', faults);
  if (fields.type !== undefined && fields.type !== 'TEXT') {
    faults.add('queries[0].type', 'is unknown; it must be TEXT');
  }
  return queryField(
    object(fields, 'textQuery', 'queries[0].', faults).text,
    'queries[0].textQuery.text',
    faults,
  );
}

function source(value: unknown, path: string, faults: Faults): string {
  const inline = object(entry(value, path, faults), 'inlineDocumentSource', `${path}.`, faults);
  const at = `${path}.inlineDocumentSource`;
  // A JSON document is read as it is written, names and values.
  if (inline.type === 'JSON') {
    if (inline.jsonDocument !== undefined) return JSON.stringify(inline.jsonDocument);
    faults.add(`${at}.jsonDocument`, 'is missing');
    return '';
  }
  if (inline.type !== undefined && inline.type !== 'TEXT') {
    faults.add(`${at}.type`, 'is unknown; it must be one of TEXT, JSON');
    return '';
  }
  const { text } = object(inline, 'textDocument', `${at}.`, faults);
  if (typeof text === 'string') return text;
  faults.add(`${at}.textDocument.text`, `is ${kindOf(text)}; it must be a string`);
  return '';
}

function entry(value: unknown, path: string, faults: Faults): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  faults.add(path, `is ${kindOf(value)}; it must be an object`);
  return {};
}

function kind(error: RequestError): { status: number; type: string } {
  if (error.status === 429) return { status: 429, type: 'ThrottlingException' };
  if (error.status === 503) return { status: 503, type: 'ServiceUnavailableException' };
  if (error.status >= 500) return { status: 500, type: 'InternalServerException' };
  if (error.status === 404) return { status: 404, type: 'ResourceNotFoundException' };
  return { status: 400, type: 'ValidationException' };
}
