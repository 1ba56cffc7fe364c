import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WeightBits } from './encoder/products.js';
import { ModelError } from './errors.js';
import { buildBert } from './bert/graph.js';
import { isBert } from './bert/weights.js';
import type { BertArchitecture } from './bert/weights.js';
import { buildJinaBert } from './jinabert/graph.js';
import type { WeightReader } from './encoder/weights.js';
import { describeFile, robertaPair, writeManifest } from './manifest.js';
import type { ModelManifest } from './manifest.js';
import { packageVersion } from './package-root.js';
import type { Architecture } from './registry.js';
import { parametersOf } from './structure.js';
import { readTokenizer } from './tokenizer-file.js';
import { writeWhole } from './write-whole.js';

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
