import type { Truncation } from '../engine/index.js';
import type { RerankRequest } from './codec.js';
import { Faults } from './faults.js';
import {
  choice,
  count,
  type CodecLimits,
  described,
  flag,
  optional,
  type Reading,
  readShape,
  type Shape,
  string,
  type Values,
} from './schema.js';
import type { Fields } from './text.js';

/** What the options of a request come to, in every format. */
export interface RequestOptions {
  /** Scores as logits instead of their sigmoid. */
  readonly rawScores: boolean;
  readonly truncation: Truncation;
}

/** The name of a model: only checked, as the container has one, whatever its name. */
export const model = optional(string);

/** What this project adds to every format. */
export const options = {
  raw_scores: described(flag(false), 'Logits instead of their sigmoid.'),
  max_tokens_per_doc: described(count(), 'Tokens of a document that are read at most.'),
  long_documents: described(
    choice('truncate', 'max_passage'),
    'max_passage scores overlapping windows of a long document and takes the best.',
  ),
};

/** The same, and `truncate`, where the format's owner gives that word no other meaning. */
export const optionsWithTruncate = { ...options, truncate: choice('right', 'left', 'error') };

type GivenOptions = Values<typeof options> & { readonly truncate?: Truncation['truncate'] };

export function optionsOf(given: GivenOptions): RequestOptions {
  return {
    rawScores: given.raw_scores,
    truncation: {
      truncate: given.truncate ?? 'right',
      longDocuments: given.long_documents,
      maxTokensPerDocument: given.max_tokens_per_doc,
    },
  };
}

/** A codec's `request` and `decode`, from its shape and what becomes of the values that are read. */
export function decoder<S extends Shape>(
  request: S,
  toRequest: (values: Values<S>, fields: Fields, reading: Reading) => RerankRequest,
): { readonly request: S; decode(fields: Fields, limits: CodecLimits): RerankRequest } {
  return {
    request,
    decode(fields, limits) {
      const reading = { faults: new Faults(), limits };
      const read = toRequest(readShape(request, fields, reading), fields, reading);
      reading.faults.throwIfAny();
      return read;
    },
  };
}
