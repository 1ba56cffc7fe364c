import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Architecture } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import { bpeTokenizerOf } from '../../support/tokenizers.js';

/** A tokenizer over letters and a few merges, with settings of truncation that no one asked for. */
export function tokenizerJson(): string {
  const merges = [
    ['t', 'h'],
    ['th', 'e'],
    ['i', 'n'],
    ['e', 'r'],
    ['a', 'n'],
    ['o', 'n'],
  ] as const;
  return JSON.stringify({
    ...bpeTokenizerOf([...'abcdefghijklmnopqrstuvwxyz0123456789.,!?äöüß'], merges),
    truncation: { direction: 'Right', max_length: 5, strategy: 'LongestFirst', stride: 0 },
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
