import type { Codec } from './codec.js';
import { kindOf } from './faults.js';
import { decoder, options, optionsOf } from './options.js';
import { scoreOf } from './rank.js';
import {
  answerOf,
  choice,
  count,
  type Field,
  flag,
  list,
  listOf,
  NUMBER,
  object,
  queryText,
  STRING,
  text,
} from './schema.js';
import { isObject } from './text.js';

const query = queryText();

/** A pair as `{ text, text_pair }`, or as an array of the two. */
const pair: Field<readonly [string, string]> = {
  schema: {
    oneOf: [
      { type: 'object', required: ['text', 'text_pair'], properties: { text: STRING, text_pair: STRING } },
      { type: 'array', minItems: 2, maxItems: 2, items: STRING },
    ],
  },
  required: true,
  read(value, path, reading) {
    if (Array.isArray(value) && value.length === 2) {
      return [query.read(value[0], `${path}[0]`, reading), text.read(value[1], `${path}[1]`, reading)];
    }
    if (isObject(value)) {
      return [
        query.read(value.text, `${path}.text`, reading),
        text.read(value.text_pair, `${path}.text_pair`, reading),
      ];
    }
    reading.faults.add(path, `is ${kindOf(value)}; it must be an object with text and text_pair`);
    return ['', ''];
  },
};

const pairs = list(pair, 'at least one pair');

/**
 * The Hugging Face toolkit's task `text-classification` on pairs, as OpenSearch's SageMaker cross-encoder connector calls it:
 * a label and a score for each pair, in the order of the request.
 */
export const textClassification: Codec = {
  name: 'text-classification',
  owner: 'Hugging Face, OpenSearch',
  marks: ['inputs'],
  ...decoder(
    {
      inputs: {
        ...pairs,
        // A pair alone is answered as a list of one.
        read: (value, path, reading) => pairs.read(isObject(value) ? [value] : value, path, reading),
      },
      parameters: object(
        {
          function_to_apply: choice('sigmoid', 'none'),
          truncation: flag(true),
          max_length: count(),
        },
        'optional',
      ),
      ...options,
    },
    ({ inputs, parameters, ...given }) => {
      const { rawScores, truncation } = optionsOf({
        ...given,
        truncate: parameters.truncation ? 'right' : 'error',
      });
      return {
        query: inputs.map(([first]) => first),
        documents: inputs.map(([, second]) => second),
        returnDocuments: false,
        rawScores: rawScores || parameters.function_to_apply === 'none',
        truncation: { ...truncation, maxPairTokens: parameters.max_length },
      };
    },
  ),
  example: { inputs: [{ text: 'the fox', text_pair: 'the fox runs' }] },
  answer: listOf(answerOf({ label: STRING, score: NUMBER })),
  error: answerOf({ code: { type: 'integer' }, type: STRING, message: STRING }),

  encode: (request, outcome) =>
    Array.from(outcome.logits, (logit) => ({ label: 'LABEL_0', score: scoreOf(request, logit) })),

  // As the Hugging Face inference toolkit tells errors: a fault of the request is 400.
  encodeError: ({ status, message }) => {
    const code = status === 422 ? 400 : status;
    return {
      status: code,
      body: { code, type: code < 500 ? 'PredictionException' : 'InternalServerException', message },
    };
  },
};
