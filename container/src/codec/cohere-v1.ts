import type { Codec, RerankRequest } from './codec.js';
import { meta } from './cohere-v2.js';
import {
  booleanField,
  checkModel,
  countField,
  documentsField,
  Faults,
  kindOf,
  queryField,
  textField,
  truncationFields,
  type Fields,
} from './fields.js';
import { ranked } from './rank.js';

/** The Cohere v1 API: documents as objects, of which `rank_fields` are read, and `return_documents`. */
export const cohereV1: Codec = {
  name: 'cohere-v1',

  decode(fields, limits) {
    const faults = new Faults();
    checkModel(fields, faults);
    const rankFields = rankFieldsOf(fields, faults);
    // Cohere cuts a long document into so many chunks; here the whole document is read at once.
    countField(fields, 'max_chunks_per_doc', faults);
    const read =
      rankFields === undefined
        ? textField
        : (document: unknown, path: string): string => ranking(document, path, rankFields, faults);
    const request: RerankRequest = {
      query: queryField(fields.query, 'query', faults),
      documents: documentsField(fields.documents, 'documents', limits, faults, read),
      given: Array.isArray(fields.documents) ? (fields.documents as unknown[]) : [],
      topN: countField(fields, 'top_n', faults),
      returnDocuments: booleanField(fields, 'return_documents', false, faults),
      rawScores: booleanField(fields, 'raw_scores', false, faults),
      truncation: truncationFields(fields, faults),
    };
    faults.throwIfAny();
    return request;
  },

  encode: (request, outcome) => ({
    id: outcome.requestId,
    results: ranked(request, outcome).map(({ index, score }) => {
      const document = request.given![index];
      return {
        index,
        relevance_score: score,
        ...(request.returnDocuments && {
          document: typeof document === 'string' ? { text: document } : document,
        }),
      };
    }),
    meta: meta('1', outcome),
  }),

  encodeError: (error) => ({ status: error.status, body: { message: error.message } }),
};

function rankFieldsOf(fields: Fields, faults: Faults): readonly string[] | undefined {
  const value = fields.rank_fields;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string')) {
    return value as string[];
  }
  faults.add(
    'rank_fields',
    `is ${kindOf(value)}; it must be an array of at least one name of a document's field`,
  );
  return undefined;
}

/** The text of a document: its ranked fields, one a line, in the order of `rank_fields`. */
function ranking(document: unknown, path: string, rankFields: readonly string[], faults: Faults): string {
  if (typeof document === 'string') return document;
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    faults.add(path, `is ${kindOf(document)}; it must be a string or an object`);
    return '';
  }
  const lines: string[] = [];
  for (const name of rankFields) {
    const value = Object.hasOwn(document, name) ? (document as Fields)[name] : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      lines.push(String(value));
    } else
      faults.add(path, `has a ranked field that is ${kindOf(value)}; it must be a string, number or boolean`);
  }
  if (lines.length === 0) faults.add(path, 'has none of the rank_fields');
  return lines.join('\n');
}
