import { type Pair, PairLayout, type TextTokenizer } from '@sagemaker-reranker/inference';
import type { ModelDescription } from '@sagemaker-reranker/models';
import { RequestError } from '../errors.js';
import type { Admission } from './admission.js';
import type { TokenizedRequest } from './job.js';
import { TRUNCATE_RIGHT, type Truncation } from './truncation.js';

/** What a request is tokenized with. */
export interface Preparation {
  readonly manifest: ModelDescription;
  readonly tokenizer: TextTokenizer;
  readonly admission: Admission;
}

/**
 * Tokenizes a request, each different text once, and cuts or splits what is too long.
 * @throws RequestError `too_many_tokens`, `input_too_long`; the signal's reason when it aborts.
 */
export async function prepare(
  { manifest, tokenizer, admission }: Preparation,
  request: { query: string; documents: readonly string[]; truncation?: Truncation },
  signal: AbortSignal,
): Promise<TokenizedRequest> {
  const { places, texts } = distinct(request.documents);
  const { truncate, longDocuments, maxTokensPerDocument, maxPairTokens } =
    request.truncation ?? TRUNCATE_RIGHT;
  const side = truncate === 'left' ? 'left' : 'right';
  const layout = new PairLayout(
    manifest.pair_template,
    Math.min(manifest.max_length, maxPairTokens ?? Infinity),
    side,
  );
  // One token more than fits tells that a text is too long; windows need all of it, or as much as can be admitted.
  const readable = longDocuments === 'max_passage' ? admission.limit + 1 : layout.longestDocument + 1;
  const [query] = await tokenizer.encode([request.query], layout.longestDocument + 1, signal, side);

  const pairs: Pair[] = [];
  const owners: number[] = [];
  const textTokens = new Uint32Array(texts.length);
  let place = 0;
  let total = 0;
  const keep = Math.min(readable, maxTokensPerDocument ?? Infinity);
  for await (const slice of tokenizer.slices(texts, keep, signal, side)) {
    for (const document of slice) {
      textTokens[place] = document.length;
      const windows = longDocuments === 'max_passage' ? layout.windows(query!.length, document) : [document];
      if (truncate === 'error' && windows.length === 1 && !layout.fits(query!.length, document.length)) {
        throw tooLong(places.indexOf(place), layout);
      }
      for (const passage of windows) {
        const pair = layout.pair(query!, passage);
        pairs.push(pair);
        owners.push(place);
        total += pair.length;
      }
      place += 1;
    }
    admission.checkSize(total);
  }
  return {
    queryTokens: query!.length,
    pairs,
    lengths: Uint32Array.from(pairs, ({ length }) => length),
    totalTokens: total,
    owners: Uint32Array.from(owners),
    textTokens,
    places,
  };
}

function distinct(documents: readonly string[]): { places: Uint32Array; texts: string[] } {
  const placeOf = new Map<string, number>();
  const places = Uint32Array.from(documents, (text) => {
    const place = placeOf.get(text) ?? placeOf.size;
    placeOf.set(text, place);
    return place;
  });
  return { places, texts: [...placeOf.keys()] };
}

function tooLong(index: number, layout: PairLayout): RequestError {
  const limit = layout.longestDocument;
  return new RequestError(
    'input_too_long',
    `the query and document ${index} hold more than ${limit} tokens together, and the request asks for an error instead of truncation`,
    { document: index, limit },
  );
}
