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

const PAIR = {
  type: 'object',
  required: ['text', 'text_pair'],
  properties: { text: STRING, text_pair: STRING },
};

/** A pair as `{ text, text_pair }`, or as an array of the two. */
const pair: Field<readonly [string, string]> = {
  schema: {
    oneOf: [PAIR, { type: 'array', minItems: 2, maxItems: 2, items: STRING }],
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

/** Pairs, or one pair outside a list. */
const inputs: Field<{ readonly alone: boolean; readonly pairs: readonly (readonly [string, string])[] }> = {
  ...pairs,
  schema: { oneOf: [pairs.schema, PAIR] },
  read(value, path, reading) {
    const alone = isObject(value);
    return { alone, pairs: alone ? [pair.read(value, path, reading)] : pairs.read(value, path, reading) };
  },
};

const classified = answerOf({ label: STRING, score: NUMBER });

/**
 * The Hugging Face toolkit's task `text-classification` on pairs, as OpenSearch's SageMaker cross-encoder connectors call it:
 * a label and a score for each pair, in the order of the request. A pair outside a list is answered outside one, as the
 * toolkit does; OpenSearch's `ml_inference` processor reads `$.score` of it.
 */
export const textClassification: Codec = {
  name: 'text-classification',
  owner: 'Hugging Face, OpenSearch',
  marks: ['inputs'],
  ...decoder(
    {
      inputs,
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
    ({ inputs: { alone, pairs: read }, parameters, ...given }) => {
      const { rawScores, truncation } = optionsOf({
        ...given,
        truncate: parameters.truncation ? 'right' : 'error',
      });
      return {
        query: read.map(([first]) => first),
        documents: read.map(([, second]) => second),
        alone,
        returnDocuments: false,
        rawScores: rawScores || parameters.function_to_apply === 'none',
        truncation: { ...truncation, maxPairTokens: parameters.max_length },
      };
    },
  ),
  example: { inputs: [{ text: 'the fox', text_pair: 'the fox runs' }] },
  answer: { oneOf: [listOf(classified), classified] },
  error: answerOf({ code: { type: 'integer' }, type: STRING, message: STRING }),

  encode(request, outcome) {
    const results = Array.from(outcome.logits, (logit) => ({
      label: 'LABEL_0',
      score: scoreOf(request, logit),
    }));
    return request.alone ? results[0]! : results;
  },

  // As the Hugging Face inference toolkit tells errors: a fault of the request is 400.
  encodeError: ({ status, message }) => {
    const code = status === 422 ? 400 : status;
    return {
      status: code,
      body: { code, type: code < 500 ? 'PredictionException' : 'InternalServerException', message },
    };
  },
};
