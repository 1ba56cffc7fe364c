import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.js';
import { encoderGraph } from '../encoder/encoder.js';
import { productsByActivation } from '../encoder/products-by-activation.js';
import type { WeightBits } from '../encoder/products.js';
import type { Precision, Quantization } from '../encoder/quantization.js';
import type { WeightReader } from '../encoder/weights.js';
import { ModelError } from '../errors.js';
import { bertPair, describeFile, robertaPair, writeManifest } from './manifest.js';
import type { ModelManifest } from './manifest.js';
import type { Graph } from '../onnx/graph.js';
import { packageVersion } from '../package-root.js';
import { parametersOf, specOf } from '../structures/structures.js';
import { type readPublishedTokenizer, readTokenizer } from './tokenizer-file.js';
import { writeWhole } from '../common/write-whole.js';

/** What goes into a model directory: weights of a cross-encoder, and the tokenizer they were made for. */
export interface ModelContents {
  readonly name: string;
  readonly variant?: string;
  readonly source: ModelManifest['source'];
  readonly architecture: Architecture;
  readonly weights: WeightReader;
  readonly precision: Precision;
  /** Precision of the word embedding table. Default: fp32, and int8 where the weights are. */
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  /** int8 only. Default: every product in its plain form. */
  readonly quantization?: Quantization;
  readonly maxLength: number;
  /** Token type id of the document. Default: the pair is laid out as the tokenizer's own post-processor does it. */
  readonly documentType?: 0 | 1;
  /** False where the model's files say that it is fed no token types. Default: as its structure and template have it. */
  readonly tokenTypes?: false;
  /** How the publisher makes a score of the logit. */
  readonly activation?: ModelManifest['activation'];
  /** A `tokenizer.json` with special tokens for start, separator and padding; its ids must lie inside the vocabulary. */
  readonly tokenizerFile: string;
}

/**
 * Writes a complete model directory (`model.onnx`, `tokenizer.json`, `manifest.json`), or nothing at all.
 * @param read what reads the tokenizer
 * @throws ModelError `output_exists` when `out` exists and is not an empty directory, `tokenizer_invalid`, `config_invalid`.
 */
export async function writeModelDirectory(
  out: string,
  contents: ModelContents,
  read: typeof readPublishedTokenizer = readTokenizer,
): Promise<ModelManifest> {
  checkArchitecture(contents.architecture);
  const { architecture, precision, weightBits, quantization, activation } = contents;
  const tokenizer = await read(contents.tokenizerFile, architecture.vocabulary, architecture.offset);
  const declared =
    contents.documentType === undefined
      ? (tokenizer.template ?? (tokenizer.bert ? bertPair(tokenizer) : robertaPair(tokenizer, 0)))
      : robertaPair(tokenizer, contents.documentType);
  // A model of fewer types than the tokenizer speaks of was trained with type 0 throughout.
  const types = specOf(architecture).embeddings.types?.rows ?? 0;
  const typed = types > 1 && contents.tokenTypes !== false;
  const pair_template = typed ? declared : declared.map((element) => ({ ...element, type: 0 }));
  const tokenTypes = pair_template.some(({ type }) => type > 0);
  return writeWhole(out, async (directory) => {
    const files = await buildGraph(contents, tokenTypes).write(directory, 'model.onnx');
    await writeFile(path.join(directory, 'tokenizer.json'), tokenizer.text);
    const { name, version } = packageVersion();
    const manifest: ModelManifest = {
      format_version: 1,
      name: contents.name,
      variant: contents.variant,
      source: contents.source,
      precision,
      weight_bits: precision === 'int8' && weightBits === 7 ? 7 : undefined,
      quantization: quantization && {
        forms: quantization.forms ?? {},
        equalized: quantization.equalization !== undefined,
      },
      architecture,
      parameters: parametersOf(architecture),
      max_length: contents.maxLength,
      model: 'model.onnx',
      tokenizer: { path: 'tokenizer.json', vocabulary: tokenizer.vocabulary, pad: tokenizer.pad },
      pair_template,
      inputs: {
        input_ids: 'input_ids',
        attention_mask: 'attention_mask',
        token_type_ids: tokenTypes ? 'token_type_ids' : undefined,
      },
      output: 'logits',
      activation,
      files: [...files, 'tokenizer.json'].map((file) => describeFile(directory, file)),
      created_by: `${name} ${version}`,
    };
    await writeManifest(directory, manifest);
    // As it is read again: without what is undefined.
    return JSON.parse(JSON.stringify(manifest)) as ModelManifest;
  });
}

/** The graph of these weights. */
export function buildGraph(
  contents: Pick<
    ModelContents,
    'architecture' | 'weights' | 'precision' | 'embeddings' | 'weightBits' | 'quantization'
  >,
  tokenTypes: boolean,
): Graph {
  const { architecture, weights, precision, embeddings, weightBits, quantization } = contents;
  return encoderGraph(specOf(architecture), weights, {
    tokenTypes,
    embeddings: embeddings ?? (precision === 'int8-weights' ? 'int8' : 'fp32'),
    products: productsByActivation(precision, weightBits, quantization),
    equalization: precision === 'int8' ? quantization?.equalization : undefined,
    logitShift: precision === 'int8' ? quantization?.logitShift : undefined,
  });
}

/** @throws ModelError `config_invalid` naming every size that cannot be. */
function checkArchitecture(a: Architecture): void {
  const faults = (['layers', 'hidden', 'heads', 'intermediate', 'vocabulary'] as const)
    .filter((key) => !Number.isInteger(a[key]) || a[key] < 1)
    .map((key) => `${key} must be a positive integer, not ${String(a[key])}`);
  if (a.hidden % a.heads !== 0) faults.push(`hidden (${a.hidden}) must be a multiple of heads (${a.heads})`);
  if (faults.length > 0) throw new ModelError('config_invalid', faults.join('; '));
}
