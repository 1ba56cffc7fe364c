import type { Codec, RerankOutcome } from './codec.js';
import { decoder, model, optionsOf, optionsWithTruncate } from './options.js';
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
  STRING,
} from './schema.js';

/** Default of `max_tokens_per_doc` in the Cohere v2 API. */
const MAX_TOKENS_PER_DOCUMENT = 4_096;
/** A search unit is one query with up to 100 documents; a document over 500 tokens with its query counts as several. */
const UNIT_DOCUMENTS = 100;
const UNIT_TOKENS = 500;

/** The Cohere v2 API, `/v2/rerank`. */
export const cohereV2: Codec = {
  name: 'cohere-v2',
  owner: 'Cohere',
  marks: [],
  // Cohere's models on Bedrock and SageMaker are sent the version in the body.
  detect: ({ api_version: version }) => version === 2,
  routes: { '/v2/rerank': [] },
  ...decoder(
    {
      model,
      query: queryText(),
      documents,
      top_n: count(),
      return_documents: flag(false),
      api_version: anything({ const: 2 }),
      ...optionsWithTruncate,
    },
    (given) => ({
      query: given.query,
      documents: given.documents,
      topN: given.top_n,
      returnDocuments: given.return_documents,
      ...optionsOf({ ...given, max_tokens_per_doc: given.max_tokens_per_doc ?? MAX_TOKENS_PER_DOCUMENT }),
    }),
  ),
  example: {
    query: 'the fox',
    documents: ['the fox runs', 'a b c'],
    max_tokens_per_doc: 512,
    api_version: 2,
  },
  answer: cohereAnswer(),
  error: answerOf({ id: STRING, message: STRING }),

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

/** The answer of both Cohere versions. */
export function cohereAnswer(): object & Codec['answer'] {
  return answerOf({
    id: STRING,
    results: listOf(
      answerOf({ index: INTEGER, relevance_score: NUMBER, document: { type: 'object' } }, ['document']),
    ),
    meta: answerOf({
      api_version: answerOf({ version: STRING }),
      billed_units: answerOf({ search_units: INTEGER }),
      tokens: answerOf({ input_tokens: INTEGER }),
    }),
  });
}

/** The usage figures of both Cohere versions; how search units count is from Cohere's pricing page. */
export function meta(version: '1' | '2', outcome: RerankOutcome): object {
  const units = outcome.tokens.reduce((sum, tokens) => sum + Math.ceil(tokens / UNIT_TOKENS), 0);
  return {
    api_version: { version },
    billed_units: { search_units: Math.ceil(units / UNIT_DOCUMENTS) },
    tokens: { input_tokens: outcome.totalTokens },
  };
}
