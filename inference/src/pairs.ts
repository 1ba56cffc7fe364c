import type { Tokenizer } from 'tokenizers';
import { ModelError, type PairElement, specialTokens } from '@sagemaker-reranker/models';
import type { ProbePair } from './probe/protocol.js';

export interface TextPair {
  readonly query: string;
  readonly document: string;
}

/** Token ids of whole pairs by a model directory's tokenizer and pair template; the document is cut to `maxLength`. */
export class PairEncoder {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly template: readonly PairElement[],
    private readonly maxLength: number,
  ) {}

  /** @throws ModelError `tokenizer_invalid`. */
  static async load(file: string, template: readonly PairElement[], maxLength: number): Promise<PairEncoder> {
    // Not with the module: whoever only reads a manifest need not load native code.
    const { Tokenizer } = await import('tokenizers');
    let tokenizer: Tokenizer;
    try {
      tokenizer = Tokenizer.fromFile(file);
    } catch (cause) {
      const message = `${file} cannot be loaded: ${(cause as Error).message}`;
      throw new ModelError('tokenizer_invalid', message, file, { cause });
    }
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
    return new PairEncoder(tokenizer, template, maxLength);
  }

  /** Size of the vocabulary, added tokens included. */
  get vocabulary(): number {
    return this.tokenizer.getVocabSize(true);
  }

  async encode({ query, document }: TextPair): Promise<ProbePair> {
    const texts = { query: await this.idsOf(query), document: await this.idsOf(document) };
    const room = this.maxLength - specialTokens(this.template) - texts.query.length;
    texts.document = texts.document.slice(0, Math.max(room, 0));
    const cells = this.template.flatMap((element) => {
      const ids = 'special' in element ? [element.special] : texts[element.sequence];
      return ids.map((id) => [id, element.type]);
    });
    return {
      ids: Int32Array.from(cells, ([id]) => id),
      types: Uint8Array.from(cells, ([, type]) => type),
    };
  }

  private async idsOf(text: string): Promise<number[]> {
    return (await this.tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
  }
}
