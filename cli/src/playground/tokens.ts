import path from 'node:path';
import { type ModelDescription, UsageError, specialTokens } from '@sagemaker-reranker/models';
import type { Tokenizer } from 'tokenizers';

/** How much of a document the model reads. */
interface TokenCount {
  /** Tokens of the document. */
  readonly tokens: number;
  /** Characters (code points) that are read; all but of a document that is cut off. */
  readonly readCharacters: number;
  /** Where each window of as many tokens as fit begins, in code points; one entry for a document that fits. */
  readonly windows: readonly number[];
}

export interface TextsToCount {
  readonly query: string;
  readonly documents: readonly string[];
}

/** Counts tokens as the container does, to show what of a document it reads. */
export class TokenCounter {
  #tokenizer: Promise<Tokenizer> | undefined;

  readonly #directory: string;
  readonly #description: ModelDescription;

  constructor(directory: string, description: ModelDescription) {
    this.#directory = directory;
    this.#description = description;
  }

  /** @throws UsageError when the request is no query and documents. */
  async count({
    query,
    documents,
  }: TextsToCount): Promise<{ readonly room: number; readonly documents: TokenCount[] }> {
    if (
      typeof query !== 'string' ||
      !Array.isArray(documents) ||
      documents.some((text) => typeof text !== 'string')
    ) {
      throw new UsageError('the body must be { query: string, documents: [string, ...] }');
    }
    const { max_length: most, pair_template: template } = this.#description;
    const room = Math.max(1, most - specialTokens(template) - (await this.#offsets(query)).length);
    const counts: TokenCount[] = [];
    for (const text of documents as readonly string[]) {
      const offsets = await this.#offsets(text);
      const windows = offsets.flatMap(([begin], i) => (i % room === 0 ? [begin!] : []));
      const end = offsets[Math.min(room, offsets.length) - 1]?.[1] ?? 0;
      const readCharacters = offsets.length <= room ? Array.from(text).length : end;
      counts.push({ tokens: offsets.length, readCharacters, windows });
    }
    return { room, documents: counts };
  }

  async #offsets(text: string): Promise<readonly (readonly number[])[]> {
    this.#tokenizer ??= import('tokenizers').then(({ Tokenizer: Loaded }) => {
      const tokenizer = Loaded.fromFile(path.join(this.#directory, this.#description.tokenizer.path));
      tokenizer.disableTruncation();
      return tokenizer;
    });
    return (await (await this.#tokenizer).encode(text, null, { addSpecialTokens: false })).getOffsets();
  }
}
