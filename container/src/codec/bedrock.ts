import type { RequestError } from '../errors.js';
import type { Codec } from './codec.js';
import { kindOf } from './faults.js';
import { decoder, optionsOf, optionsWithTruncate } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  anything,
  count,
  elsewhere,
  type Field,
  fieldsOf,
  flag,
  INTEGER,
  list,
  listOf,
  NUMBER,
  queryText,
  readShape,
  STRING,
  string,
} from './schema.js';
import { isObject, type Fields } from './text.js';

const queryString = queryText(string);
const OBJECT = { type: 'object' };
/** What this project adds to the format. */
const settings = { return_documents: flag(false), ...optionsWithTruncate };

/** An entry of `queries` or `sources`: an object, whose fields a fault leaves out. */
function entry(read: Field<string>['read']): Field<string> {
  return {
    schema: OBJECT,
    required: true,
    read(value, path, reading) {
      if (isObject(value)) return read(value, path, reading);
      reading.faults.add(path, `is ${kindOf(value)}; it must be an object`);
      return '';
    },
  };
}

const query = entry((value, path, reading) => {
  const { type, textQuery } = value as Fields;
  if (type !== undefined && type !== 'TEXT') {
    reading.faults.add(`${path}.type`, 'is unknown; it must be TEXT');
  }
  return queryString.read(
    fieldsOf(textQuery, `${path}.textQuery`, reading).text,
    `${path}.textQuery.text`,
    reading,
  );
});

const source = entry((value, path, reading) => {
  const at = `${path}.inlineDocumentSource`;
  const inline = fieldsOf((value as Fields).inlineDocumentSource, at, reading);
  // A JSON document is read as it is written, names and values.
  if (inline.type === 'JSON') {
    if (inline.jsonDocument !== undefined) return JSON.stringify(inline.jsonDocument);
    reading.faults.add(`${at}.jsonDocument`, 'is missing');
    return '';
  }
  if (inline.type !== undefined && inline.type !== 'TEXT') {
    reading.faults.add(`${at}.type`, 'is unknown; it must be one of TEXT, JSON');
    return '';
  }
  const { text } = fieldsOf(inline.textDocument, `${at}.textDocument`, reading);
  return string.read(text, `${at}.textDocument.text`, reading);
});

const one: Field<string> = {
  schema: { type: 'array', minItems: 1, maxItems: 1, items: OBJECT },
  required: true,
  read(value, path, reading) {
    if (Array.isArray(value) && value.length === 1) return query.read(value[0], `${path}[0]`, reading);
    const given = Array.isArray(value) ? `an array of ${value.length}` : kindOf(value);
    reading.faults.add(path, `is ${given}; it must be an array of exactly one query`);
    return '';
  },
};

/**
 * `Rerank` of Amazon Bedrock (API version 2023-07-26 of bedrock-agent-runtime). What this project adds stands at the
 * top or, where the caller's SDK lets no other field through, in `modelConfiguration.additionalModelRequestFields`.
 * All results come on one page: there is never a `nextToken`.
 */
export const bedrock: Codec = {
  name: 'bedrock',
  owner: 'Amazon Bedrock',
  marks: ['queries', 'sources'],
  routes: { '/rerank': ['sources'] },
  ...decoder(
    {
      queries: one,
      sources: list(source),
      rerankingConfiguration: anything(OBJECT),
      nextToken: anything(STRING),
      ...elsewhere(settings),
    },
    ({ queries, sources, rerankingConfiguration, nextToken }, fields, reading) => {
      const at = 'rerankingConfiguration.bedrockRerankingConfiguration';
      const { bedrockRerankingConfiguration: given } = fieldsOf(
        rerankingConfiguration,
        'rerankingConfiguration',
        reading,
      );
      const inner = fieldsOf(given, at, reading);
      const model = fieldsOf(inner.modelConfiguration, `${at}.modelConfiguration`, reading);
      const more = fieldsOf(
        model.additionalModelRequestFields,
        `${at}.modelConfiguration.additionalModelRequestFields`,
        reading,
      );
      if (nextToken !== undefined && nextToken !== null) {
        reading.faults.add('nextToken', 'belongs to no page; all results come on one');
      }
      const values = readShape(settings, { ...more, ...fields }, reading);
      return {
        query: queries,
        documents: sources,
        given: Array.isArray(fields.sources) ? (fields.sources as unknown[]) : [],
        topN: count().read(inner.numberOfResults, 'numberOfResults', reading),
        returnDocuments: values.return_documents,
        ...optionsOf(values),
      };
    },
  ),
  example: {
    queries: [{ type: 'TEXT', textQuery: { text: 'the fox' } }],
    sources: ['the fox runs', 'a b c'].map((text) => ({
      type: 'INLINE',
      inlineDocumentSource: { type: 'TEXT', textDocument: { text } },
    })),
  },
  answer: answerOf({
    results: listOf(answerOf({ index: INTEGER, relevanceScore: NUMBER, document: OBJECT }, ['document'])),
  }),
  error: answerOf({ message: STRING }),

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

function kind(error: RequestError): { status: number; type: string } {
  if (error.status === 429) return { status: 429, type: 'ThrottlingException' };
  if (error.status === 503) return { status: 503, type: 'ServiceUnavailableException' };
  if (error.status >= 500) return { status: 500, type: 'InternalServerException' };
  if (error.status === 404) return { status: 404, type: 'ResourceNotFoundException' };
  return { status: 400, type: 'ValidationException' };
}
