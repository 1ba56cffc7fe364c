import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { type ModelDescription, ModelError } from '@sagemaker-reranker/models';

/** UTF-16 units tokenized at once: fetching their ids holds the event loop for some 10 ms, and a ping waits no longer. */
const SLICE_UNITS = 32_768;
/** A longer text is tokenized piece by piece, and only as far as its tokens can matter. */
const PIECE_UNITS = 32_768;

/** The end of a text that is cut off. */
type Side = 'right' | 'left';

const TEXT_ONLY = { addSpecialTokens: false };

/** A model directory's tokenizer, for texts without special tokens. */
export class TextTokenizer {
  readonly #tokenizer: Tokenizer;

  /** @throws ModelError `tokenizer_invalid`. */
  constructor(file: string) {
    try {
      this.#tokenizer = Tokenizer.fromFile(file);
    } catch (cause) {
      const message = `${file} cannot be loaded: ${(cause as Error).message}`;
      throw new ModelError('tokenizer_invalid', message, file, { cause });
    }
    // Truncation and padding are the planner's; a tokenizer file may carry settings of its own.
    this.#tokenizer.disableTruncation();
    this.#tokenizer.disablePadding();
  }

  /**
   * The tokenizer of a model directory.
   * @throws ModelError `tokenizer_invalid`, also where it has more tokens than the model has embeddings.
   */
  static of(directory: string, { tokenizer, architecture }: ModelDescription): TextTokenizer {
    const file = path.join(directory, tokenizer.path);
    const loaded = new TextTokenizer(file);
    if (loaded.vocabulary <= architecture.vocabulary) return loaded;
    const has = `${file} has ${loaded.vocabulary} tokens; the model has embeddings for ${architecture.vocabulary}`;
    throw new ModelError('tokenizer_invalid', has, file);
  }

  /** Size of the vocabulary, added tokens included. */
  get vocabulary(): number {
    return this.#tokenizer.getVocabSize(true);
  }

  /** Token ids of each text; as {@link slices}, all at once. */
  async encode(
    texts: readonly string[],
    keep: number,
    signal?: AbortSignal,
    side: Side = 'right',
  ): Promise<Int32Array[]> {
    const results: Int32Array[] = [];
    for await (const slice of this.slices(texts, keep, signal, side)) results.push(...slice);
    return results;
  }

  /**
   * Token ids of each text, at most `keep` of each, some texts at a time and in their order. Of longer texts the end
   * on that `side` is left out.
   *
   * Texts over 32,768 UTF-16 units are read in pieces that end before white space, so the ids are those of the whole
   * text; only a single word longer than that is split where it should not be.
   * @throws the signal's reason when it aborts.
   */
  async *slices(
    texts: readonly string[],
    keep: number,
    signal?: AbortSignal,
    side: Side = 'right',
  ): AsyncGenerator<Int32Array[]> {
    for (let start = 0, end = 0; start < texts.length; start = end) {
      signal?.throwIfAborted();
      for (let units = 0; end < texts.length && (end === start || units < SLICE_UNITS); end += 1) {
        units += Math.min(texts[end]!.length, PIECE_UNITS);
      }
      const slice = texts.slice(start, end);
      const ends = slice.map((text) => pieceEnd(text, 0));
      const pieces = slice.map((text, i) => text.slice(0, ends[i]));
      const encodings = await this.#tokenizer.encodeBatch(pieces, TEXT_ONLY);
      const results: Int32Array[] = [];
      for (const [i, encoding] of encodings.entries()) {
        let ids = encoding.getIds();
        if (ends[i]! < slice[i]!.length) {
          ids = await this.#encodeRest(slice[i]!, ends[i]!, ids, { keep, side }, signal);
        }
        const skip = side === 'left' ? Math.max(0, ids.length - keep) : 0;
        results.push(Int32Array.from(ids.length > keep ? ids.slice(skip, skip + keep) : ids));
      }
      yield results;
    }
  }

  /** Ids of the first piece and of as many after it as can matter. */
  async #encodeRest(
    text: string,
    from: number,
    first: number[],
    { keep, side }: { keep: number; side: Side },
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const pieces = [first];
    let count = first.length;
    for (let at = from; at < text.length && (side === 'left' || count < keep);) {
      signal?.throwIfAborted();
      const to = pieceEnd(text, at);
      const ids = (await this.#tokenizer.encode(text.slice(at, to), null, TEXT_ONLY)).getIds();
      pieces.push(ids);
      count += ids.length;
      while (side === 'left' && count - pieces[0]!.length >= keep) count -= pieces.shift()!.length;
      at = to;
    }
    return pieces.flat();
  }
}

/** End of the piece that starts at `from`: before the last white space that leaves it no longer than a piece. */
function pieceEnd(text: string, from: number): number {
  const limit = from + PIECE_UNITS;
  if (text.length <= limit) return text.length;
  for (let at = limit; at > from; at -= 1) if (/\s/.test(text[at]!)) return at;
  // No surrogate pair may be torn: a lone half would become another character.
  const high = text.charCodeAt(limit - 1);
  return high >= 0xd800 && high <= 0xdbff ? limit - 1 : limit;
}
