import type { Codec } from './codec.js';
import { cohereAnswer, meta } from './cohere-v2.js';
import { type Faults, kindOf } from './faults.js';
import { decoder, model, optionsOf, optionsWithTruncate } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  anything,
  count,
  type Field,
  flag,
  list,
  optional,
  queryText,
  STRING,
  string,
  text,
} from './schema.js';
import { isObject } from './text.js';

/** Tokens of a chunk, into which Cohere's v1 cuts a document with its query. */
const CHUNK_TOKENS = 512;

/** Documents are read when it is known which of their fields count. */
const given: Field<unknown> = anything({ oneOf: [STRING, { type: 'object' }] });

/** The Cohere v1 API: documents as objects, of which `rank_fields` are read, and `return_documents`. */
export const cohereV1: Codec = {
  name: 'cohere-v1',
  owner: 'Cohere',
  marks: ['rank_fields', 'max_chunks_per_doc'],
  detect: ({ api_version: version }) => version === 1,
  // Behind Jina, whose route it is too: only a body with a mark is taken for it there.
  routes: { '/v1/rerank': ['rank_fields'] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents: list(given),
      top_n: count(),
      return_documents: flag(false),
      rank_fields: optional(list(string, 'at least one name of a field')),
      max_chunks_per_doc: count(),
      api_version: anything({ const: 1 }),
      ...optionsWithTruncate,
    },
    ({ rank_fields: names, max_chunks_per_doc: chunks, ...values }, _fields, reading) => ({
      query: values.query,
      documents: values.documents.map((document, index) => {
        const path = `documents[${index}]`;
        return names === undefined
          ? text.read(document, path, reading)
          : ranking(document, path, names, reading.faults);
      }),
      given: values.documents,
      topN: values.top_n,
      returnDocuments: values.return_documents,
      // A document's chunks are read as one; what lies beyond them is cut off, as there.
      ...optionsOf({
        ...values,
        max_tokens_per_doc:
          values.max_tokens_per_doc ?? (chunks === undefined ? undefined : chunks * CHUNK_TOKENS),
      }),
    }),
  ),
  example: { query: 'the fox', documents: [{ title: 'a', text: 'b' }], rank_fields: ['title'] },
  answer: cohereAnswer(),
  error: answerOf({ message: STRING }),

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

/** The text of a document: its ranked fields, one a line, in the order of `rank_fields`. */
function ranking(document: unknown, path: string, rankFields: readonly string[], faults: Faults): string {
  if (typeof document === 'string') return document;
  if (!isObject(document)) {
    faults.add(path, `is ${kindOf(document)}; it must be a string or an object`);
    return '';
  }
  const lines: string[] = [];
  for (const name of rankFields) {
    const value = Object.hasOwn(document, name) ? document[name] : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      lines.push(String(value));
    } else
      faults.add(path, `has a ranked field that is ${kindOf(value)}; it must be a string, number or boolean`);
  }
  if (lines.length === 0) faults.add(path, 'has none of the rank_fields');
  return lines.join('\n');
}
