import { chmod, mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WeightBits } from './encoder/products';
import { ModelError } from './errors';
import { buildBert } from './bert/graph';
import { isBert } from './bert/weights';
import type { BertArchitecture } from './bert/weights';
import { buildJinaBert } from './jinabert/graph';
import type { WeightReader } from './encoder/weights';
import { describeFile, robertaPair, writeManifest } from './manifest';
import type { ModelManifest } from './manifest';
import { packageVersion } from './package-root';
import type { Architecture } from './registry';
import { parametersOf } from './structure';
import { readTokenizer } from './tokenizer-file';

/** What goes into a model directory: weights of a JinaBERT or BERT cross-encoder, and the tokenizer they were made for. */
export interface ModelContents {
  readonly name: string;
  readonly variant?: string;
  readonly source: ModelManifest['source'];
  readonly architecture: Architecture | BertArchitecture;
  readonly weights: WeightReader;
  readonly precision: 'fp32' | 'int8';
  /** Precision of the word embedding table. Default: fp32. */
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  readonly maxLength: number;
  /** Token type id of the document. Default: the pair is laid out as the tokenizer's own post-processor does it. */
  readonly documentType?: 0 | 1;
  /** A `tokenizer.json` with special tokens for start, separator and padding; its ids must lie inside the vocabulary. */
  readonly tokenizerFile: string;
}

/**
 * Writes a complete model directory (`model.onnx`, `tokenizer.json`, `manifest.json`), or nothing at all.
 * @throws ModelError `output_exists` when `out` exists and is not an empty directory, `tokenizer_invalid`, `config_invalid`.
 */
export async function writeModelDirectory(out: string, contents: ModelContents): Promise<ModelManifest> {
  checkArchitecture(contents.architecture);
  const tokenizer = await readTokenizer(contents.tokenizerFile, contents.architecture.vocabulary);
  const pair_template =
    contents.documentType === undefined
      ? (tokenizer.template ?? robertaPair(tokenizer, 0))
      : robertaPair(tokenizer, contents.documentType);
  return writeWhole(out, async (directory) => {
    const { architecture, precision, weightBits } = contents;
    const tokenTypes = isBert(architecture) || pair_template.some(({ type }) => type === 1);
    await writeFile(path.join(directory, 'model.onnx'), buildGraph(contents, tokenTypes));
    await writeFile(path.join(directory, 'tokenizer.json'), tokenizer.text);
    const manifest: ModelManifest = {
      format_version: 1,
      name: contents.name,
      ...(contents.variant && { variant: contents.variant }),
      source: contents.source,
      precision,
      ...(precision === 'int8' && weightBits === 7 && { weight_bits: weightBits }),
      architecture,
      parameters: parametersOf(architecture),
      max_length: contents.maxLength,
      model: 'model.onnx',
      tokenizer: { path: 'tokenizer.json', vocabulary: tokenizer.vocabulary, pad: tokenizer.pad },
      pair_template,
      inputs: {
        input_ids: 'input_ids',
        attention_mask: 'attention_mask',
        ...(tokenTypes && { token_type_ids: 'token_type_ids' }),
      },
      output: 'logits',
      files: [describeFile(directory, 'model.onnx'), describeFile(directory, 'tokenizer.json')],
      created_by: createdBy(),
    };
    await writeManifest(directory, manifest);
    return manifest;
  });
}

/** The ONNX file of these weights. */
export function buildGraph(
  contents: Pick<ModelContents, 'architecture' | 'weights' | 'precision' | 'embeddings' | 'weightBits'>,
  tokenTypes: boolean,
): Uint8Array {
  const { architecture, weights, precision, embeddings = 'fp32', weightBits } = contents;
  const options = { precision, embeddings, weightBits };
  return isBert(architecture)
    ? buildBert(architecture, weights, options)
    : buildJinaBert(architecture, weights, { ...options, tokenTypes });
}

/** Runs `write` on a temporary directory beside `out`, and moves it to `out` only when it has succeeded. */
export async function writeWhole<T>(out: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = path.resolve(out);
  const existing = await emptyTarget(out);
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = await mkdtemp(`${target}.part-`);
  try {
    const result = await write(temporary);
    if (existing) await rmdir(target);
    // A temporary directory is its owner's alone; the container runs as another user.
    await chmod(temporary, 0o755);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Whether `out` is there already, as an empty directory.
 * @throws ModelError `output_exists` when it is anything else.
 */
export async function emptyTarget(out: string): Promise<boolean> {
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
  return existing !== undefined;
}

/** @throws ModelError `config_invalid` naming every size that cannot be. */
function checkArchitecture(a: Architecture): void {
  const faults = Object.entries(a)
    .filter(([key]) => key !== 'structure')
    .filter(([, value]) => !Number.isInteger(value) || (value as number) < 1)
    .map(([key, value]) => `${key} must be a positive integer, not ${String(value)}`);
  if (a.hidden % a.heads !== 0) faults.push(`hidden (${a.hidden}) must be a multiple of heads (${a.heads})`);
  if (faults.length > 0) throw new ModelError('config_invalid', faults.join('; '));
}

function createdBy(): string {
  const { name, version } = packageVersion();
  return `${name} ${version}`;
}
