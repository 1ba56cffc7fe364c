/** JSON Schemas of the bodies of each format, by the format's name. Source: the module of each codec. */

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' };
const flag = (fallback: boolean): Schema => ({ type: 'boolean', default: fallback });
const count = { type: 'integer', minimum: 1 };
const textOrObject = {
  oneOf: [text, { type: 'object', required: ['text'], properties: { text } }],
};
const documents = { type: 'array', minItems: 1, items: textOrObject };
const ours = {
  raw_scores: { ...flag(false), description: 'Logits instead of their sigmoid.' },
  max_tokens_per_doc: { ...count, description: 'Tokens of a document that are read at most.' },
  long_documents: {
    enum: ['truncate', 'max_passage'],
    default: 'truncate',
    description: 'max_passage scores overlapping windows of a long document and takes the best.',
  },
};
const truncate = { enum: ['right', 'left', 'error'], default: 'right' };

function object(required: readonly string[], properties: Schema, example?: unknown): Schema {
  return { type: 'object', required, properties, ...(example !== undefined && { example }) };
}

const plain = { query: 'the fox', documents: ['the fox runs', 'a b c'] };
const jinaFields = { query: textOrObject, documents, top_n: count, truncate, ...ours };

/** What a request of each format holds. */
export const REQUEST_SCHEMAS: Readonly<Record<string, Schema>> = {
  jina: object(
    ['query', 'documents'],
    { model: text, ...jinaFields, return_documents: flag(true) },
    { ...plain, top_n: 1, raw_scores: true, truncate: 'left' },
  ),
  'jina-sagemaker': object(
    ['data'],
    { data: object(['query', 'documents'], { ...jinaFields, id: text }), parameters: { type: 'object' } },
    { data: { ...plain, top_n: 1 } },
  ),
  'cohere-v1': object(
    ['query', 'documents'],
    {
      model: text,
      ...jinaFields,
      documents: { type: 'array', minItems: 1, items: { oneOf: [text, { type: 'object' }] } },
      return_documents: flag(false),
      rank_fields: { type: 'array', minItems: 1, items: text },
      max_chunks_per_doc: count,
      api_version: { const: 1 },
    },
    { query: 'the fox', documents: [{ title: 'a', text: 'b' }], rank_fields: ['title'] },
  ),
  'cohere-v2': object(
    ['query', 'documents'],
    { model: text, ...jinaFields, return_documents: flag(false), api_version: { const: 2 } },
    { ...plain, max_tokens_per_doc: 512, api_version: 2 },
  ),
  tei: object(
    ['query', 'texts'],
    {
      query: textOrObject,
      texts: { type: 'array', minItems: 1, items: text },
      top_n: count,
      truncate: flag(true),
      truncation_direction: { enum: ['right', 'left', 'Right', 'Left'], default: 'right' },
      return_text: flag(false),
      ...ours,
    },
    { query: 'the fox', texts: plain.documents, truncate: true },
  ),
  vllm: object(
    ['query', 'documents'],
    {
      model: text,
      ...jinaFields,
      top_n: { type: 'integer', minimum: 0, default: 0 },
      return_documents: flag(true),
      truncate_prompt_tokens: { type: 'integer', minimum: -1 },
    },
    { ...plain, truncate_prompt_tokens: -1 },
  ),
  bedrock: object(
    ['queries', 'sources'],
    {
      queries: { type: 'array', minItems: 1, maxItems: 1, items: { type: 'object' } },
      sources: { type: 'array', minItems: 1, items: { type: 'object' } },
      rerankingConfiguration: { type: 'object' },
      return_documents: flag(false),
      truncate,
      ...ours,
    },
    {
      queries: [{ type: 'TEXT', textQuery: { text: plain.query } }],
      sources: plain.documents.map((value) => ({
        type: 'INLINE',
        inlineDocumentSource: { type: 'TEXT', textDocument: { text: value } },
      })),
    },
  ),
};

const integer = { type: 'integer', minimum: 0 };
const number = { type: 'number' };
const resultsOf = (items: Schema): Schema => ({ type: 'array', items });
const scored = object(['index', 'relevance_score'], {
  index: integer,
  relevance_score: number,
  document: { type: 'object' },
});
const cohereAnswer = object(['id', 'results', 'meta'], {
  id: text,
  results: resultsOf(scored),
  meta: object(['api_version', 'billed_units', 'tokens'], {
    api_version: object(['version'], { version: text }),
    billed_units: object(['search_units'], { search_units: integer }),
    tokens: object(['input_tokens'], { input_tokens: integer }),
  }),
});
const usage = object(['total_tokens'], { total_tokens: integer, prompt_tokens: integer });
const idUsage = object(['id', 'total_tokens'], { id: text, total_tokens: integer });

/** What an answer of each format holds. */
export const ANSWER_SCHEMAS: Readonly<Record<string, Schema>> = {
  jina: object(['model', 'usage', 'results'], { model: text, usage, results: resultsOf(scored) }),
  'jina-sagemaker': object(['data', 'parameters'], {
    data: resultsOf(
      object(['id', 'query_usage', 'results'], {
        id: text,
        query_usage: idUsage,
        results: resultsOf(
          object(['id', 'index', 'relevance_score', 'usage'], {
            id: text,
            index: integer,
            document: { type: 'object' },
            relevance_score: number,
            usage: idUsage,
          }),
        ),
      }),
    ),
    parameters: { type: 'object' },
  }),
  'cohere-v1': cohereAnswer,
  'cohere-v2': cohereAnswer,
  tei: resultsOf(object(['index', 'score'], { index: integer, score: number, text })),
  vllm: object(['id', 'model', 'usage', 'results'], {
    id: text,
    model: text,
    usage,
    results: resultsOf(scored),
  }),
  bedrock: object(['results'], {
    results: resultsOf(
      object(['index', 'relevanceScore'], {
        index: integer,
        relevanceScore: number,
        document: { type: 'object' },
      }),
    ),
  }),
};

const message = { message: text };

/** What an error of each format holds, for callers that were told the format: on its own route, or when they named it. */
export const ERROR_SCHEMAS: Readonly<Record<string, Schema>> = {
  jina: object(['detail', 'error'], { detail: text, error: { type: 'object' } }),
  'jina-sagemaker': object(['error'], { error: { type: 'object' } }),
  'cohere-v1': object(['message'], message),
  'cohere-v2': object(['id', 'message'], { id: text, ...message }),
  tei: object(['error', 'error_type'], {
    error: text,
    error_type: { enum: ['Unhealthy', 'Backend', 'Overloaded', 'Validation', 'Empty'] },
  }),
  vllm: object(['error'], {
    error: object(['message', 'type', 'param', 'code'], {
      ...message,
      type: text,
      param: { type: ['string', 'null'] },
      code: { type: 'integer' },
    }),
  }),
  bedrock: object(['message'], message),
};
