import { randomUUID } from 'node:crypto';
import type { Codec, RerankOutcome, RerankRequest } from './codec.js';
import { kindOf } from './faults.js';
import { decoder, optionsOf, optionsWithTruncate } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  anything,
  count,
  documents,
  flag,
  INTEGER,
  listOf,
  NUMBER,
  queryText,
  type Reading,
  readShape,
  schemaOf,
  STRING,
} from './schema.js';
import { isObject, type Fields } from './text.js';

/** Special tokens that a text alone has: the usage figures of this format count texts, not pairs. */
const SPECIAL_TOKENS = 2;

/** What `data` may hold, or `parameters` beside it. */
const settings = { top_n: count(), return_documents: flag(true), ...optionsWithTruncate };
const texts = { query: queryText(), documents };
const idUsage = answerOf({ id: STRING, total_tokens: INTEGER });
const id = anything(STRING);

/**
 * The format of Jina's models on the AWS Marketplace, as the Python package `jina-sagemaker` speaks it. `data` holds
 * the request, as an object or as an array of one.
 */
export const jinaSagemaker: Codec = {
  name: 'jina-sagemaker',
  owner: 'Jina on SageMaker',
  marks: ['data'],
  ...decoder(
    {
      data: { ...anything(schemaOf({ ...texts, ...settings, id })), required: true },
      parameters: anything(schemaOf(settings)),
    },
    ({ data: given, parameters }, _fields, reading) => {
      const data = dataOf(given, reading);
      const options = { ...(isObject(parameters) ? parameters : {}), ...data };
      const values = {
        ...readShape(texts, data, reading, 'data.'),
        ...readShape(settings, options, reading),
      };
      return {
        query: values.query,
        documents: values.documents,
        given: Array.isArray(data.documents) ? (data.documents as unknown[]) : [],
        topN: values.top_n,
        returnDocuments: values.return_documents,
        id: typeof data.id === 'string' ? data.id : undefined,
        ...optionsOf(values),
      };
    },
  ),
  example: { data: { query: 'the fox', documents: ['the fox runs', 'a b c'], top_n: 1 } },
  answer: answerOf({
    data: listOf(
      answerOf({
        id: STRING,
        query_usage: idUsage,
        results: listOf(
          answerOf(
            {
              id: STRING,
              index: INTEGER,
              document: { type: 'object' },
              relevance_score: NUMBER,
              usage: idUsage,
            },
            ['document'],
          ),
        ),
      }),
    ),
    parameters: { type: 'object' },
  }),
  error: answerOf({ error: { type: 'object' } }),

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

function dataOf(data: unknown, { faults }: Reading): Fields {
  const entry: unknown = Array.isArray(data) && data.length === 1 ? data[0] : data;
  if (isObject(entry)) return entry;
  const given = Array.isArray(data) ? `an array of ${data.length}` : kindOf(data);
  faults.add('data', `is ${given}; it must be an object, or an array of one (send several as JSON lines)`);
  faults.throwIfAny();
  return {};
}

function givenId(document: unknown): string | undefined {
  return isObject(document) && typeof document.id === 'string' ? document.id : undefined;
}

/** Ids there are hexadecimal without dashes. */
function newId(): string {
  return randomUUID().replaceAll('-', '');
}
