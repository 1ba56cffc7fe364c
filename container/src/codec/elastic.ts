import type { Codec } from './codec.js';
import { decoder, optionsOf, optionsWithTruncate } from './options.js';
import { ranked } from './rank.js';
import {
  answerOf,
  anything,
  count,
  elsewhere,
  fieldsOf,
  flag,
  INTEGER,
  list,
  listOf,
  NUMBER,
  queryText,
  readShape,
  schemaOf,
  STRING,
  text,
} from './schema.js';

/** What a request may set itself, or have in `task_settings`, where Elasticsearch puts what the endpoint was made with. */
const settings = { return_documents: flag(false), top_n: count(), ...optionsWithTruncate };

/**
 * Elasticsearch's inference service `amazon_sagemaker` with the API `elastic`, task `rerank`. Its parser takes `rerank` and
 * no other top-level field.
 */
export const elastic: Codec = {
  name: 'elastic',
  owner: 'Elasticsearch',
  marks: ['input', 'task_settings'],
  ...decoder(
    {
      query: queryText(),
      input: list(text),
      task_settings: anything(schemaOf(settings)),
      ...elsewhere(settings),
    },
    ({ query, input, task_settings: task }, fields, reading) => {
      const given = readShape(settings, { ...fieldsOf(task, 'task_settings', reading), ...fields }, reading);
      return {
        query,
        documents: input,
        topN: given.top_n,
        returnDocuments: given.return_documents,
        ...optionsOf(given),
      };
    },
  ),
  example: { query: 'the fox', input: ['the fox runs', 'a b c'], top_n: 1 },
  answer: answerOf({
    rerank: listOf(answerOf({ index: INTEGER, relevance_score: NUMBER, text: STRING }, ['text'])),
  }),
  error: answerOf({ error: { type: 'object' } }),

  encode: (request, outcome) => ({
    rerank: ranked(request, outcome).map(({ index, score }) => ({
      index,
      relevance_score: score,
      text: request.returnDocuments ? request.documents[index] : undefined,
    })),
  }),

  encodeError: (error) => ({ status: error.status, body: error.toBody() }),
};
