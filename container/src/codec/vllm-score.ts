import type { Codec } from './codec.js';
import type { Faults } from './faults.js';
import { decoder, model } from './options.js';
import { scoreOf } from './rank.js';
import { answerOf, INTEGER, listOf, NUMBER, oneOrMany, optional, queryText, STRING, text } from './schema.js';
import { encodeVllmError, vllmError, vllmOptions, vllmOptionsOf, vllmUsage } from './vllm.js';

const queries = optional(oneOrMany(queryText()));
const texts = optional(oneOrMany(text));

/**
 * vLLM's `/score`: a score for each pair, in the order of the request. The texts are named `text_1` and `text_2`, or
 * `queries` and `documents` or `items`; each is one or several, and one goes with each of the others.
 */
export const vllmScore: Codec = {
  name: 'vllm-score',
  owner: 'vLLM',
  marks: ['text_1', 'text_2', 'items'],
  detect: (fields) => Object.hasOwn(fields, 'queries') && Object.hasOwn(fields, 'documents'),
  routes: { '/score': [], '/v1/score': [] },
  ...decoder(
    {
      model,
      text_1: queries,
      text_2: texts,
      queries,
      documents: texts,
      items: texts,
      ...vllmOptions,
    },
    (given, _fields, reading) => {
      const { faults } = reading;
      const first = only(['text_1', 'queries'], given, faults);
      const second = only(['text_2', 'documents', 'items'], given, faults);
      const pairs = Math.max(first.length, second.length);
      for (const [name, { length }] of [
        ['text_1', first],
        ['text_2', second],
      ] as const) {
        if (length > 1 && length !== pairs) {
          faults.add(name, `holds ${length} texts; it must hold one, or ${pairs} as the other does`);
        }
      }
      const spread = (values: readonly string[]): string[] =>
        values.length === 1 ? Array<string>(pairs).fill(values[0]!) : [...values];
      return {
        query: first.length === 1 ? first[0]! : first,
        documents: spread(second),
        returnDocuments: false,
        ...vllmOptionsOf(given, reading),
      };
    },
  ),
  example: { text_1: 'the fox', text_2: ['the fox runs', 'a b c'] },
  answer: answerOf({
    id: STRING,
    object: STRING,
    model: STRING,
    data: listOf(answerOf({ index: INTEGER, object: STRING, score: NUMBER })),
    usage: vllmUsage,
  }),
  error: vllmError,

  encode: (request, outcome) => ({
    id: `score-${outcome.requestId}`,
    object: 'list',
    model: outcome.model,
    data: Array.from(outcome.logits, (logit, index) => ({
      index,
      object: 'score',
      score: scoreOf(request, logit),
    })),
    usage: { prompt_tokens: outcome.totalTokens, total_tokens: outcome.totalTokens },
  }),

  encodeError: encodeVllmError,
};

/** The one of several names of a field that is given; none, or more than one, is a fault. */
function only<N extends string>(
  names: readonly [N, ...N[]],
  given: Readonly<Record<N, readonly string[] | undefined>>,
  faults: Faults,
): readonly string[] {
  const there = names.filter((name) => given[name] !== undefined);
  if (there.length === 0) faults.add(names[0], `is missing; send ${names.join(' or ')}`);
  if (there.length > 1) faults.add(there[1]!, `says the same as ${there[0]}; send one of them`);
  return given[there[0] ?? names[0]] ?? [];
}
