import { mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from './errors';
import { buildJinaBert } from './jinabert/graph';
import type { WeightReader } from './jinabert/weights';
import { describeFile, robertaPair, writeManifest } from './manifest';
import type { ModelManifest } from './manifest';
import { countParameters } from './registry';
import type { Architecture } from './registry';

/** What goes into a model directory: weights of a JinaBERT cross-encoder, and the tokenizer they were made for. */
export interface ModelContents {
  readonly name: string;
  readonly variant?: string;
  readonly source: ModelManifest['source'];
  readonly architecture: Architecture;
  readonly weights: WeightReader;
  readonly precision: 'fp32' | 'int8';
  /** Precision of the word embedding table. Default: fp32. */
  readonly embeddings?: 'fp32' | 'int8';
  readonly maxLength: number;
  /** Token type id of the document; 1 makes the graph take `token_type_ids`. */
  readonly documentType: 0 | 1;
  /** A `tokenizer.json` with the special tokens `<s>`, `</s>` and `<pad>`; its ids must lie inside the vocabulary. */
  readonly tokenizerFile: string;
}

/**
 * Writes a complete model directory (`model.onnx`, `tokenizer.json`, `manifest.json`), or nothing at all.
 * @throws ModelError `output_exists` when `out` exists and is not an empty directory, `tokenizer_invalid`, `config_invalid`.
 */
export async function writeModelDirectory(out: string, contents: ModelContents): Promise<ModelManifest> {
  checkArchitecture(contents.architecture);
  const tokenizer = await readTokenizer(contents.tokenizerFile, contents.architecture.vocabulary);
  return writeWhole(out, async (directory) => {
    const tokenTypes = contents.documentType === 1;
    const { precision, embeddings = 'fp32' } = contents;
    const model = buildJinaBert(contents.architecture, contents.weights, {
      precision,
      embeddings,
      tokenTypes,
    });
    await writeFile(path.join(directory, 'model.onnx'), model);
    await writeFile(path.join(directory, 'tokenizer.json'), tokenizer.text);
    const manifest: ModelManifest = {
      format_version: 1,
      name: contents.name,
      ...(contents.variant && { variant: contents.variant }),
      source: contents.source,
      precision,
      architecture: contents.architecture,
      parameters: countParameters(contents.architecture),
      max_length: contents.maxLength,
      model: 'model.onnx',
      tokenizer: { path: 'tokenizer.json', vocabulary: tokenizer.vocabulary, pad: tokenizer.pad },
      pair_template: robertaPair(tokenizer, contents.documentType),
      inputs: {
        input_ids: 'input_ids',
        attention_mask: 'attention_mask',
        ...(tokenTypes && { token_type_ids: 'token_type_ids' }),
      },
      output: 'logits',
      files: [await describeFile(directory, 'model.onnx'), await describeFile(directory, 'tokenizer.json')],
      created_by: await packageVersion(),
    };
    await writeManifest(directory, manifest);
    return manifest;
  });
}

/** Runs `write` on a temporary directory beside `out`, and moves it to `out` only when it has succeeded. */
async function writeWhole<T>(out: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = path.resolve(out);
  const existing = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ModelError('output_exists', `${out} exists and is not a directory`, out);
  });
  if (existing && existing.length > 0) {
    throw new ModelError(
      'output_exists',
      `${out} is not empty: name a new directory, or remove it first`,
      out,
    );
  }
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = await mkdtemp(`${target}.part-`);
  try {
    const result = await write(temporary);
    if (existing) await rmdir(target);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** @throws ModelError `config_invalid` naming every size that cannot be. */
function checkArchitecture(a: Architecture): void {
  const faults = Object.entries(a)
    .filter(([, value]) => !Number.isInteger(value) || value < 1)
    .map(([key, value]) => `${key} must be a positive integer, not ${String(value)}`);
  if (a.hidden % a.heads !== 0) faults.push(`hidden (${a.hidden}) must be a multiple of heads (${a.heads})`);
  if (faults.length > 0) throw new ModelError('config_invalid', faults.join('; '));
}

interface TokenizerFacts {
  readonly text: string;
  readonly vocabulary: number;
  readonly cls: number;
  readonly sep: number;
  readonly pad: number;
}

async function readTokenizer(file: string, modelVocabulary: number): Promise<TokenizerFacts> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ModelError('tokenizer_invalid', `${file} cannot be read`, file, { cause });
  });
  let vocabulary: number;
  let tokens: Map<string, number>;
  try {
    const parsed = JSON.parse(text) as {
      added_tokens: { id: number; content: string }[];
      model: { vocab: Record<string, number> };
    };
    tokens = new Map(parsed.added_tokens.map((token) => [token.content, token.id]));
    vocabulary =
      1 + [...Object.values(parsed.model.vocab), ...tokens.values()].reduce((a, b) => Math.max(a, b), 0);
  } catch (cause) {
    throw new ModelError(
      'tokenizer_invalid',
      `${file} is not a tokenizer.json: ${(cause as Error).message}`,
      file,
      {
        cause,
      },
    );
  }
  if (vocabulary > modelVocabulary) {
    const message = `${file} has ids up to ${vocabulary - 1}, the model embeds 0 to ${modelVocabulary - 1}`;
    throw new ModelError('tokenizer_invalid', message, file);
  }
  const special = (content: string): number => {
    const id = tokens.get(content);
    if (id === undefined)
      throw new ModelError('tokenizer_invalid', `${file} has no special token ${content}`, file);
    return id;
  };
  return { text, vocabulary, cls: special('<s>'), sep: special('</s>'), pad: special('<pad>') };
}

async function packageVersion(): Promise<string> {
  const root = await packageRoot();
  const { name, version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  return `${name} ${version}`;
}

/** The directory of this package, whether it runs from its sources or from dist/. */
export async function packageRoot(): Promise<string> {
  let directory = __dirname;
  for (;;) {
    const text = await readFile(path.join(directory, 'package.json'), 'utf8').catch(() => undefined);
    if (text && (JSON.parse(text) as { name?: string }).name === 'sagemaker-reranker') return directory;
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error(`no package.json of sagemaker-reranker above ${__dirname}`);
    directory = parent;
  }
}
