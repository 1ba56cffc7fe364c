import type { Codec, RerankOutcome, RerankRequest } from './codec.js';
import { kindOf } from './faults.js';
import { decoder, optionsOf, optionsWithTruncate } from './options.js';
import { scoreOf } from './rank.js';
import { answerOf, type Field, list, listOf, NUMBER, queryText, STRING, text } from './schema.js';

/** Formats that are answered with `{ scores }`, one for each pair in the order of the request. */
const scores = {
  answer: answerOf({ scores: listOf(NUMBER) }),
  error: answerOf({ error: { type: 'object' } }),
  encode: (request: RerankRequest, outcome: RerankOutcome) => ({
    scores: Array.from(outcome.logits, (logit) => scoreOf(request, logit)),
  }),
  encodeError: (error) => ({ status: error.status, body: error.toBody() }),
} satisfies Partial<Codec>;

const query = queryText();

const textPair: Field<readonly [string, string]> = {
  schema: { type: 'array', minItems: 2, maxItems: 2, items: STRING },
  required: true,
  read(value, path, reading) {
    if (Array.isArray(value) && value.length === 2) {
      return [query.read(value[0], `${path}[0]`, reading), text.read(value[1], `${path}[1]`, reading)];
    }
    const given = Array.isArray(value) ? `an array of ${value.length}` : kindOf(value);
    reading.faults.add(path, `is ${given}; it must be an array of query and document`);
    return ['', ''];
  },
};

/**
 * LangChain's `SagemakerEndpointCrossEncoder` for Python: pairs of query and document. Its scores are those of
 * `HuggingFaceCrossEncoder`, whose activation is the one that the model's files name.
 */
export const langchain: Codec = {
  name: 'langchain',
  owner: 'LangChain',
  marks: ['text_pairs'],
  ...decoder(
    { text_pairs: list(textPair, 'at least one pair'), ...optionsWithTruncate },
    (given, _fields, { limits }) => {
      const { rawScores, truncation } = optionsOf(given);
      return {
        query: given.text_pairs.map(([first]) => first),
        documents: given.text_pairs.map(([, second]) => second),
        returnDocuments: false,
        rawScores: rawScores || limits.activation === 'identity',
        truncation,
      };
    },
  ),
  example: { text_pairs: [['the fox', 'the fox runs']] },
  ...scores,
};

/** Dify's SageMaker rerank plugin: the query, repeated for each document. */
export const dify: Codec = {
  name: 'dify',
  owner: 'Dify',
  marks: ['docs'],
  ...decoder(
    { inputs: list(query, 'the query for each document'), docs: list(text), ...optionsWithTruncate },
    (given, _fields, { faults }) => {
      const { length } = given.inputs;
      if (length !== given.docs.length) {
        faults.add(
          'docs',
          `holds ${given.docs.length} documents for ${length} inputs; each input is the query of one`,
        );
      }
      return { query: given.inputs, documents: given.docs, returnDocuments: false, ...optionsOf(given) };
    },
  ),
  example: { inputs: ['the fox', 'the fox'], docs: ['the fox runs', 'a b c'] },
  ...scores,
};
