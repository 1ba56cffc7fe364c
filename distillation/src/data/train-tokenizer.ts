import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { ModelError, replaceFile } from '@sagemaker-reranker/models';
import { storageError } from './lines.js';

/** Special tokens of the pair template, in the order of their ids. */
export const SPECIAL_TOKENS = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'] as const;

/** Entries the `tokenizers` library's trainer stops at when it is given no other number. */
export const TRAINER_VOCABULARY = 30_000;
/** Special tokens and the characters of ASCII that every tokenizer has. */
export const LEAST_VOCABULARY = 100;

interface TokenizerOptions {
  /** Entries of the vocabulary, special tokens included; less than 30,000. */
  readonly vocabulary: number;
  /** A character beyond ASCII enters the alphabet when the texts hold it this often; others become `<unk>`. */
  readonly minimumCharacterCount: number;
}

/**
 * Trains a BPE tokenizer of the Jina rerankers' kind (NFC, lower case, Whitespace, Roberta pair template) and
 * writes it as compact JSON. The same texts give the same file, byte for byte.
 *
 * The library's trainer runs to its default of 30,000 entries; BPE finds merges in order, so the first ones of
 * that run are the merges of a smaller run, and the vocabulary is cut after them.
 * @param texts is called twice: once to count characters, once to train.
 * @throws ModelError `config_invalid` when the vocabulary cannot be had from the texts; `disk_full`, with nothing left at
 * the output.
 */
export async function trainTokenizer(
  texts: () => AsyncIterable<string>,
  output: string,
  options: TokenizerOptions,
): Promise<void> {
  if (!(options.vocabulary < TRAINER_VOCABULARY)) {
    throw new ModelError(
      'config_invalid',
      `vocabulary must be below ${TRAINER_VOCABULARY}, not ${options.vocabulary}`,
    );
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'tokenizer-'));
  try {
    const corpus = path.join(scratch, 'corpus.txt');
    const full = path.join(scratch, 'full.json');
    const alphabet = await countAlphabet(texts(), options.minimumCharacterCount);
    await writeCorpus(texts(), corpus, alphabet);
    const tokenizer = Tokenizer.fromString(JSON.stringify(describe(new Map(), [])));
    tokenizer.train([corpus]);
    tokenizer.save(full);
    const trained = JSON.parse(await readFile(full, 'utf8')) as { model: { merges: [string, string][] } };
    const text = `${JSON.stringify(cut(alphabet, trained.model.merges, options.vocabulary))}\n`;
    await replaceFile(output, (part) => writeFile(part, text), `${output}.part`).catch((error: unknown) => {
      throw storageError(error, output);
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What the tokenizer's normalizer does, so that characters are counted as the model will meet them. */
const normalize = (text: string): string => text.normalize('NFC').toLowerCase();

/** All visible ASCII characters that survive lower-casing, and the frequent others, by code point. */
async function countAlphabet(texts: AsyncIterable<string>, least: number): Promise<Set<string>> {
  const counts = new Map<string, number>();
  for await (const text of texts) {
    for (const character of normalize(text)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const ascii = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const others = [...counts].filter(([c, n]) => c > '~' && n >= least && /[\p{L}\p{N}\p{P}\p{S}]/u.test(c));
  const kept = [...ascii.filter((c) => c === c.toLowerCase()), ...others.map(([c]) => c)];
  return new Set(kept.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!));
}

async function writeCorpus(texts: AsyncIterable<string>, file: string, alphabet: Set<string>): Promise<void> {
  const out = createWriteStream(file);
  const finished = once(out, 'finish');
  // Every character once, so that the trainer knows the whole alphabet.
  out.write(`${[...alphabet].join(' ')}\n`);
  for await (const text of texts) {
    const line = Array.from(normalize(text), (c) => (alphabet.has(c) ? c : ' ')).join('');
    if (!out.write(`${line}\n`)) await once(out, 'drain');
  }
  out.end();
  await finished;
}

/** Special tokens, alphabet, then the products of the first merges, until the vocabulary is full. */
function cut(alphabet: Set<string>, merges: readonly [string, string][], size: number): object {
  const ids = new Map<string, number>();
  for (const token of [...SPECIAL_TOKENS, ...alphabet]) ids.set(token, ids.size);
  const kept: string[] = [];
  for (const [left, right] of merges) {
    if (ids.size >= size) break;
    if (!ids.has(left + right)) ids.set(left + right, ids.size);
    kept.push(`${left} ${right}`);
  }
  if (ids.size !== size) {
    throw new ModelError(
      'config_invalid',
      `the texts give an alphabet of ${alphabet.size} and ${merges.length} merges, no vocabulary of exactly ${size}: the ${size > ids.size ? 'most' : 'least'} is ${ids.size}`,
    );
  }
  return describe(ids, kept);
}

/** The tokenizer file, format 1.0 of the `tokenizers` library. */
function describe(ids: Map<string, number>, merges: string[]): object {
  for (const [id, token] of SPECIAL_TOKENS.entries()) ids.set(token, id);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: content === '<mask>',
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['</s>', 2],
      cls: ['<s>', 0],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}
