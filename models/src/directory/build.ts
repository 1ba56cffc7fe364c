import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.js';
import { type ModelContents, buildGraph, writeModelDirectory } from './directory.js';
import type { WeightBits } from '../encoder/products.js';
import type { Precision, Quantization } from '../encoder/quantization.js';
import { type EncoderSpec, type LinearSpec, weightShapes, weightsOf } from '../encoder/spec.js';
import type { WeightReader } from '../encoder/weights.js';
import { ModelError } from '../errors.js';
import { type ModelManifest, describeFile } from './manifest.js';
import { readPublishedTokenizer } from './tokenizer-file.js';
import type { Graph } from '../onnx/graph.js';
import { VARIANTS, VARIANT_IDS, isVariantId } from '../registry.js';
import { SafetensorsFile } from '../source/safetensors.js';
import { HEAD_ADVICE, parseConfig, publishedActivation } from '../source/config-file.js';
import { OnnxWeights } from '../source/onnx-weights.js';
import { ShardedWeights, WEIGHT_INDEX } from '../source/sharded-weights.js';
import { readTokenizerSettings } from '../source/tokenizer-settings.js';
import { type WeightSource, checkedReader, withOtherNames } from '../source/weight-source.js';
import { architectureFromConfig } from '../structures/from-config.js';
import { specOf } from '../structures/structures.js';

export interface BuildOptions {
  /** Directory with published files: `config.json`, `tokenizer.json`, and `model.safetensors` or an exported fp32 ONNX file. */
  readonly directory: string;
  /** Directory to write; must not exist or be empty. */
  readonly out: string;
  readonly precision: Precision;
  /** Default: fp32, and int8 where the weights are. */
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  /** int8 only: how each product is computed. Default: all in the plain form. */
  readonly quantization?: Quantization;
  /** Longest pair in tokens. Default, and most: what the model's files allow. */
  readonly maxLength?: number;
  /** Default: the name of the source directory. */
  readonly name?: string;
  /** Recorded in the manifest. Default: the files the weights were read from, with digests. */
  readonly source?: Readonly<Record<string, unknown>> & { readonly kind: string };
}

const SAFETENSORS = ['model.safetensors', WEIGHT_INDEX] as const;
const EXPORTS = ['model.onnx', 'onnx/model.onnx'] as const;
/** Where the weights are looked for, in this order. */
export const WEIGHT_FILES = [...SAFETENSORS, ...EXPORTS] as const;
/** Weights in forms that are not read, and what to do about them. */
export const OTHER_WEIGHTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['pytorch_model.bin', 'pytorch_model.bin.index.json'].map((name) => [
      name,
      'a pickle, which runs code when it is read: convert it with `safetensors`',
    ]),
  ),
  ...Object.fromEntries(
    ['model_quantized', 'model_int8', 'model_uint8', 'model_fp16', 'model_q4'].flatMap((name) =>
      ['', 'onnx/'].map((folder) => [
        `${folder}${name}.onnx`,
        'no fp32 weights: take the export as it is, `reranker models import DIR`',
      ]),
    ),
  ),
  'tf_model.h5': "TensorFlow's: save it with transformers as safetensors",
  'flax_model.msgpack': "Flax's: save it with transformers as safetensors",
};

/** Published files, opened: what `config.json` and the tokenizer's settings say, and the weights. */
export interface PublishedModel {
  readonly architecture: Architecture;
  readonly spec: EncoderSpec;
  readonly weights: WeightReader;
  /** Longest pair in tokens. */
  readonly maxLength: number;
  readonly tokenTypes?: false;
  readonly activation?: ModelManifest['activation'];
  /** The file of the weights. */
  readonly file: string;
  close(): void;
}

/**
 * Opens published files of a cross-encoder, or of a sentence encoder that pools as told.
 * @throws ModelError `model_directory_missing`, `model_file_missing`, `config_invalid`, `structure_unsupported`,
 * `head_unsupported`, `weights_invalid`, `model_invalid`.
 */
export async function openPublished(
  directory: string,
  pooling?: EncoderSpec['pooling'],
): Promise<PublishedModel> {
  const info = await stat(directory).catch(() => undefined);
  if (!info?.isDirectory()) {
    const message = `no directory with model files at ${directory}`;
    throw new ModelError('model_directory_missing', message, directory);
  }
  const configFile = path.join(directory, 'config.json');
  const config = await parseConfig(configFile);
  const { architecture, positions } = architectureFromConfig(config, configFile, pooling === undefined);
  const settings = readTokenizerSettings(path.join(directory, 'tokenizer_config.json'));
  const found = locate(directory);
  const whole = specOf(architecture);
  const spec = pooling === undefined ? whole : { ...whole, head: undefined, pooling };
  const source = withOtherNames(await openSource(found, spec));
  try {
    if (spec.head) checkClassifier(source, spec.head.classifier);
    return {
      architecture,
      spec,
      weights: checkedReader(source, weightShapes(spec)),
      // ALiBi has no table that ends, and the tokenizer's figure is that of an older model.
      maxLength:
        architecture.structure === undefined
          ? positions
          : Math.min(positions, settings.maxLength ?? positions),
      tokenTypes: settings.tokenTypes === false ? false : undefined,
      activation: publishedActivation(config),
      file: found,
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * Writes a model directory: published weights, this project's graph.
 * @throws ModelError as `openPublished`, and `tokenizer_invalid`, `output_exists`.
 */
export async function buildModel(options: BuildOptions): Promise<ModelManifest> {
  const { directory, precision, embeddings, weightBits, quantization } = options;
  checkWeightBits(precision, weightBits);
  const published = await openPublished(directory);
  try {
    const { architecture, weights, tokenTypes, activation } = published;
    const maxLength = options.maxLength ?? published.maxLength;
    if (maxLength > published.maxLength || maxLength < 8) {
      const message = `max length ${maxLength}: the model allows 8 to ${published.maxLength}`;
      throw new ModelError('config_invalid', message);
    }
    const contents: ModelContents = {
      name: options.name ?? path.basename(path.resolve(directory)),
      variant: variantOf(directory, options.source, architecture),
      source: {
        kind: 'built',
        ...options.source,
        weights: describeFile(directory, path.relative(directory, published.file)),
      },
      architecture,
      weights,
      precision,
      embeddings,
      weightBits,
      quantization,
      maxLength,
      tokenTypes,
      activation,
      tokenizerFile: path.join(directory, 'tokenizer.json'),
    };
    return await writeModelDirectory(options.out, contents, readPublishedTokenizer);
  } finally {
    published.close();
  }
}

/** @throws ModelError `config_invalid` where there are no int8 weights to have them. */
export function checkWeightBits(precision: Precision, weightBits: WeightBits | undefined): void {
  if (weightBits === undefined || precision === 'int8') return;
  throw new ModelError('config_invalid', `weight bits are of int8 products; the precision is ${precision}`);
}

/** The exporter's ONNX file below a directory with published files, where it has one. */
export function exportedFile(directory: string): string | undefined {
  return EXPORTS.map((file) => path.join(directory, file)).find((file) => existsSync(file));
}

export function hasSafetensors(directory: string): boolean {
  return SAFETENSORS.some((file) => existsSync(path.join(directory, file)));
}

/** An fp32 graph of the weights that a built model was made from. */
export async function sourceGraph(directory: string, manifest: ModelManifest): Promise<Graph> {
  const published = await openPublished(directory);
  try {
    const { architecture, weights } = published;
    const tokenTypes = manifest.inputs.token_type_ids !== undefined;
    return buildGraph({ architecture, weights, precision: 'fp32' }, tokenTypes);
  } finally {
    published.close();
  }
}

function locate(directory: string): string {
  const found = WEIGHT_FILES.map((file) => path.join(directory, file)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const others = Object.keys(OTHER_WEIGHTS).filter((name) => existsSync(path.join(directory, name)));
  const message = `${directory} holds no weights, no ${wantedWeights(others)}`;
  throw new ModelError('model_file_missing', message, directory);
}

/** Which weights are wanted, and what those are that are there. */
export function wantedWeights(others: readonly string[]): string {
  const found = others.map((name) => `; ${name} is ${OTHER_WEIGHTS[name]!}`);
  return `${WEIGHT_FILES.join(' or ')}${found.join('')}`;
}

async function openSource(file: string, spec: EncoderSpec): Promise<WeightSource> {
  if (file.endsWith('.safetensors')) return new SafetensorsFile(file);
  if (path.basename(file) === WEIGHT_INDEX) return new ShardedWeights(file);
  return OnnxWeights.open(file, weightsOf(spec));
}

/** A head of several classes, whatever config.json says of it. */
function checkClassifier(source: WeightSource, { weight }: LinearSpec): void {
  const shape = source.shape(weight);
  if (!shape || shape[0] === 1) return;
  const message = `${source.file}: ${weight} has ${shape[0]} rows; ${HEAD_ADVICE}`;
  throw new ModelError('head_unsupported', message, source.file);
}

/** The registry variant, if hub name or directory name say so and the sizes agree. */
function variantOf(
  directory: string,
  source: BuildOptions['source'],
  architecture: Architecture,
): string | undefined {
  const name = path.basename(path.resolve(directory));
  const id = isVariantId(name)
    ? name
    : VARIANT_IDS.find((one) => {
        const repository = VARIANTS[one].hub?.repository;
        return repository && (source?.repository === repository || repository.endsWith(`/${name}`));
      });
  if (!id) return undefined;
  const known = VARIANTS[id].architecture;
  const same = (Object.keys(known) as (keyof Architecture)[]).every(
    (key) => JSON.stringify(architecture[key]) === JSON.stringify(known[key]),
  );
  return same ? id : undefined;
}
