import { type Pair, PairLayout, type TextTokenizer } from '@sagemaker-reranker/inference';
import type { ModelDescription } from '@sagemaker-reranker/models';
import { RequestError } from '../errors.js';
import type { Admission } from './admission.js';
import { isBlank } from './blank.js';
import type { TokenizedRequest } from './job.js';
import { TRUNCATE_RIGHT, type Truncation } from './truncation.js';

/** What a request is tokenized with. */
export interface Preparation {
  readonly manifest: ModelDescription;
  readonly tokenizer: TextTokenizer;
  readonly admission: Admission;
}

/**
 * Tokenizes a request, each different text once for each query, and cuts or splits what is too long. Documents without text
 * become no pairs.
 * @throws RequestError `too_many_tokens`, `input_too_long`; the signal's reason when it aborts.
 */
export async function prepare(
  preparation: Preparation,
  request: TextRequest,
  signal: AbortSignal,
): Promise<TokenizedRequest> {
  const { truncation = TRUNCATE_RIGHT } = request;
  const side = truncation.truncate === 'left' ? 'left' : 'right';
  const { pair_template: template, max_length: longest } = preparation.manifest;
  const most = Math.min(longest, truncation.maxPairTokens ?? Infinity);
  const plan: Plan = {
    ...preparation,
    layout: new PairLayout(template, most, side),
    truncation,
    side,
    signal,
  };
  const collected: Collected = { pairs: [], owners: [], textTokens: [], totalTokens: 0 };
  const places = new Uint32Array(request.documents.length);
  let queryTokens = 0;
  for (const [query, indexes] of groupsOf(request)) {
    queryTokens += await prepareGroup(
      plan,
      query,
      { documents: request.documents, indexes, places },
      collected,
    );
  }
  return {
    queryTokens,
    pairs: collected.pairs,
    lengths: Uint32Array.from(collected.pairs, ({ length }) => length),
    totalTokens: collected.totalTokens,
    owners: Uint32Array.from(collected.owners),
    textTokens: Uint32Array.from(collected.textTokens),
    places,
  };
}

interface TextRequest {
  readonly query: string | readonly string[];
  readonly documents: readonly string[];
  readonly truncation?: Truncation;
}

interface Plan extends Preparation {
  readonly layout: PairLayout;
  readonly truncation: Truncation;
  readonly side: 'right' | 'left';
  readonly signal: AbortSignal;
}

interface Collected {
  readonly pairs: Pair[];
  /** For each pair, its document's place among the different ones. */
  readonly owners: number[];
  readonly textTokens: number[];
  totalTokens: number;
}

/** The documents of one query: which of the request's, and where to note their places. */
interface Group {
  readonly documents: readonly string[];
  readonly indexes: readonly number[];
  readonly places: Uint32Array;
}

/** The indexes of the documents of each query. */
function groupsOf({ query, documents }: TextRequest): Map<string, number[]> {
  if (typeof query === 'string') return new Map([[query, documents.map((_, index) => index)]]);
  const groups = new Map<string, number[]>();
  query.forEach((each, index) => {
    const group = groups.get(each);
    if (group === undefined) groups.set(each, [index]);
    else group.push(index);
  });
  return groups;
}

/** Adds the pairs of a query; returns its tokens. */
async function prepareGroup(plan: Plan, text: string, group: Group, into: Collected): Promise<number> {
  const { layout, admission, side, signal } = plan;
  const { truncate, longDocuments, maxTokensPerDocument } = plan.truncation;
  const first = into.textTokens.length;
  const texts = distinct(group, first);
  // One token more than fits tells that a text is too long; windows need all of it, or as much as can be admitted.
  const readable = longDocuments === 'max_passage' ? admission.limit + 1 : layout.longestDocument + 1;
  const keep = Math.min(readable, maxTokensPerDocument ?? Infinity);
  // Query and documents side by side: in a small request each turn around the thread pool counts.
  const encoding = plan.tokenizer.encode([text], layout.longestDocument + 1, signal, side);
  encoding.catch(() => undefined);
  for await (const slice of plan.tokenizer.slices(texts, keep, signal, side)) {
    const query = (await encoding)[0]!;
    for (const document of slice) {
      const place = into.textTokens.push(document.length) - 1;
      if (isBlank(texts[place - first]!)) continue;
      const windows = longDocuments === 'max_passage' ? layout.windows(query.length, document) : [document];
      if (truncate === 'error' && windows.length === 1 && !layout.fits(query.length, document.length)) {
        throw tooLong(
          group.indexes.find((index) => group.places[index] === place)!,
          layout,
        );
      }
      for (const passage of windows) {
        const pair = layout.pair(query, passage);
        into.pairs.push(pair);
        into.owners.push(place);
        into.totalTokens += pair.length;
      }
    }
    admission.checkSize(into.totalTokens);
  }
  return (await encoding)[0]!.length;
}

/** The different texts of a group, and for each of its documents the place of its text, from `first` on. */
function distinct({ documents, indexes, places }: Group, first: number): string[] {
  const placeOf = new Map<string, number>();
  for (const index of indexes) {
    const text = documents[index]!;
    const place = placeOf.get(text) ?? placeOf.size;
    placeOf.set(text, place);
    places[index] = first + place;
  }
  return [...placeOf.keys()];
}

function tooLong(index: number, layout: PairLayout): RequestError {
  const limit = layout.longestDocument;
  return new RequestError(
    'input_too_long',
    `the query and document ${index} hold more than ${limit} tokens together, and the request asks for an error instead of truncation`,
    { document: index, limit },
  );
}
