import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { bertPair, robertaPair } from './manifest.js';
import type { PairElement } from './manifest.js';
import { parseJson, withoutMark } from '../common/file-kinds.js';

/** What a model directory must know of its `tokenizer.json`. */
export interface TokenizerFacts {
  readonly text: string;
  /** One more than the largest token id. */
  readonly vocabulary: number;
  readonly pad: number;
  /** The first and the separating special token. */
  readonly cls: number;
  readonly sep: number;
  /** Whether they are BERT's `[CLS]` and `[SEP]`. */
  readonly bert: boolean;
  /** The pair as the file's own post-processor lays it out; `undefined` where it has none. */
  readonly template?: readonly PairElement[];
  /** A text alone, likewise; it is called the document. */
  readonly single?: readonly PairElement[];
}

type TemplatePiece = {
  SpecialToken?: { id: string; type_id: number };
  Sequence?: { id: 'A' | 'B'; type_id: number };
};

interface PostProcessor {
  type: string;
  sep?: [string, number];
  cls?: [string, number];
  single?: TemplatePiece[];
  pair?: TemplatePiece[];
  special_tokens?: Record<string, { ids: number[] }>;
  processors?: PostProcessor[];
}

interface TokenizerJson {
  added_tokens: { id: number; content: string }[];
  /** Pieces with their ids; of a Unigram model, pieces with their scores in the order of their ids. */
  model: { vocab: Record<string, number> | unknown[] };
  padding?: { pad_id: number } | null;
  post_processor?: PostProcessor | null;
}

/**
 * Reads a `tokenizer.json` whose special tokens are `<s>`, `</s>`, `<pad>` (BPE, Unigram) or `[CLS]`, `[SEP]`, `[PAD]`
 * (WordPiece).
 * @param offset row of the first token's position, where that is counted from the padding's id on
 * @throws ModelError `tokenizer_invalid` when it is no such file, or an id lies outside the model's vocabulary.
 */
export async function readTokenizer(
  file: string,
  modelVocabulary = Infinity,
  offset?: number,
): Promise<TokenizerFacts> {
  const invalid = (why: string, cause?: unknown): ModelError =>
    new ModelError('tokenizer_invalid', `${file} ${why}`, file, { cause });
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw invalid('cannot be read', cause);
  });
  let parsed: TokenizerJson;
  let tokens: Map<string, number>;
  let vocabulary: number;
  try {
    parsed = parseJson(bytes) as TokenizerJson;
    tokens = new Map(parsed.added_tokens.map((token) => [token.content, token.id]));
    const { vocab } = parsed.model;
    const largest = Array.isArray(vocab)
      ? vocab.length - 1
      : Object.values(vocab).reduce((a, b) => Math.max(a, b), 0);
    vocabulary = 1 + [...tokens.values()].reduce((a, b) => Math.max(a, b), largest);
  } catch (cause) {
    throw invalid(`is not a tokenizer.json: ${(cause as Error).message}`, cause);
  }
  if (vocabulary > modelVocabulary) {
    throw invalid(`has ids up to ${vocabulary - 1}, the model embeds 0 to ${modelVocabulary - 1}`);
  }
  const special = (...contents: string[]): number => {
    const id = contents.map((content) => tokens.get(content)).find((found) => found !== undefined);
    if (id === undefined) throw invalid(`has no special token ${contents.join(' or ')}`);
    return id;
  };
  const pad = parsed.padding?.pad_id ?? special('<pad>', '[PAD]');
  if (offset !== undefined && pad !== offset - 1) {
    throw invalid(`pads with id ${pad}, config.json's pad_token_id is ${offset - 1}: it is another model's`);
  }
  return {
    text: withoutMark(bytes.toString('utf8')),
    vocabulary,
    cls: special('<s>', '[CLS]'),
    sep: special('</s>', '[SEP]'),
    bert: !tokens.has('<s>'),
    pad,
    ...templatesOf(parsed.post_processor, invalid),
  };
}

/**
 * Reads the `tokenizer.json` that is published beside a model. Models embed some ids more than their tokenizer has, to
 * fill a block; a tokenizer of less than half the ids is another model's, and would be scored without a word.
 * @throws ModelError `tokenizer_invalid`, as `readTokenizer`, and for too few ids.
 */
export async function readPublishedTokenizer(
  file: string,
  modelVocabulary: number,
  offset?: number,
): Promise<TokenizerFacts> {
  const facts = await readTokenizer(file, modelVocabulary, offset);
  if (facts.vocabulary * 2 >= modelVocabulary) return facts;
  const message = `${file} has ${facts.vocabulary} tokens, the model embeds ${modelVocabulary}: it is another model's`;
  throw new ModelError('tokenizer_invalid', message, file);
}

type Templates = Pick<TokenizerFacts, 'template' | 'single'>;

function templatesOf(
  processor: PostProcessor | null | undefined,
  invalid: (why: string) => ModelError,
): Templates {
  if (!processor) return {};
  if (processor.type === 'Sequence') {
    const all = (processor.processors ?? []).map((one) => templatesOf(one, invalid));
    return all.find(({ template }) => template !== undefined) ?? {};
  }
  const { cls, sep } = processor;
  if (cls && sep && /^(Roberta|Bert)Processing$/.test(processor.type)) {
    const special = { cls: cls[1], sep: sep[1] };
    const template = processor.type === 'BertProcessing' ? bertPair(special) : robertaPair(special, 0);
    return { template, single: textAlone(special) };
  }
  if (processor.type !== 'TemplateProcessing' || !processor.pair) return {};
  const elements = (pieces: readonly TemplatePiece[], first: 'query' | 'document'): PairElement[] =>
    pieces.flatMap(({ SpecialToken, Sequence }): PairElement[] => {
      if (Sequence) return [{ sequence: Sequence.id === 'A' ? first : 'document', type: Sequence.type_id }];
      const ids = SpecialToken && processor.special_tokens?.[SpecialToken.id]?.ids;
      if (!ids) throw invalid(`has a template with an unknown element ${SpecialToken?.id ?? ''}`);
      return ids.map((special) => ({ special, type: SpecialToken.type_id }));
    });
  return {
    template: elements(processor.pair, 'query'),
    single: processor.single && elements(processor.single, 'document'),
  };
}

/** [CLS] text [SEP], as every encoder of this kind reads a text. */
export function textAlone({ cls, sep }: Pick<TokenizerFacts, 'cls' | 'sep'>): PairElement[] {
  return [
    { special: cls, type: 0 },
    { sequence: 'document', type: 0 },
    { special: sep, type: 0 },
  ];
}
