import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { synthesizeModel, type Architecture } from '../../../models';

/** A tokenizer of the rerankers' kind (NFC, lower case, Whitespace, BPE, Roberta pair) over letters and a few merges. */
export function tokenizerJson(): string {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,!?äöüß'];
  const merges = [
    ['t', 'h'],
    ['th', 'e'],
    ['i', 'n'],
    ['e', 'r'],
    ['a', 'n'],
    ['o', 'n'],
  ] as const;
  const tokens = ['<s>', '<pad>', '</s>', '<unk>', ...letters, ...merges.map((pair) => pair.join(''))];
  const special = (id: number) => ({
    id,
    content: tokens[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return JSON.stringify({
    version: '1.0',
    truncation: { direction: 'Right', max_length: 5, strategy: 'LongestFirst', stride: 0 },
    padding: null,
    added_tokens: [0, 1, 2, 3].map(special),
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
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  });
}

export interface SmallModelOptions {
  readonly architecture?: Partial<Architecture>;
  readonly documentType?: 0 | 1;
  readonly maxLength?: number;
}

const SMALL: Architecture = { layers: 2, hidden: 32, heads: 4, intermediate: 64, vocabulary: 96 };

const written: string[] = [];

/** A model directory with seeded random weights, small enough to load and run in milliseconds. */
export async function smallModel(options: SmallModelOptions = {}): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-model-'));
  written.push(directory);
  const tokenizerFile = path.join(directory, 'tokenizer.json');
  await writeFile(tokenizerFile, tokenizerJson());
  const out = path.join(directory, 'model');
  await synthesizeModel({
    model: { ...SMALL, ...options.architecture },
    seed: 5,
    out,
    documentType: options.documentType ?? 1,
    maxLength: options.maxLength ?? 256,
    tokenizerFile,
  });
  return out;
}

/** A model that takes about a second for a document of 4,000 tokens, three for one of 7,000, on one core. */
export function slowModel(): Promise<string> {
  return smallModel({ architecture: { heads: 8, layers: 6 }, maxLength: 8_192 });
}

export async function removeModels(): Promise<void> {
  await Promise.all(written.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
}

/** A text of `count` words of one letter each, so as many tokens; different for different tags. */
export function words(tag: string, count: number): string {
  const letters = [...tag].map((letter) => (/[a-z]/.test(letter) ? letter : 'x'));
  return Array.from({ length: count }, (_, i) => letters[i % letters.length]).join(' ');
}
