import { stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isBert } from './bert/weights.js';
import type { BertArchitecture } from './bert/weights.js';
import { buildGraph, writeModelDirectory } from './directory.js';
import type { WeightBits } from './encoder/products.js';
import { ModelError } from './errors.js';
import { describeFile } from './manifest.js';
import type { ModelManifest } from './manifest.js';
import { VARIANTS, VARIANT_IDS, isVariantId } from './registry.js';
import type { Architecture } from './registry.js';
import { SafetensorsFile } from './safetensors.js';
import { readConfig } from './source/config-file.js';
import { OnnxWeights } from './source/onnx-weights.js';
import { checkedReader } from './source/weight-source.js';
import type { WeightSource } from './source/weight-source.js';
import { shapesOf } from './structure.js';

export interface BuildOptions {
  /** Directory with published files: `config.json`, `tokenizer.json`, and `model.safetensors` or an exported fp32 ONNX file. */
  readonly directory: string;
  /** Directory to write; must not exist or be empty. */
  readonly out: string;
  readonly precision: 'fp32' | 'int8';
  /** Default: fp32. */
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  /** Longest pair in tokens. Default, and most: what the positions of the model allow. */
  readonly maxLength?: number;
  /** Default: the name of the source directory. */
  readonly name?: string;
  /** Recorded in the manifest. Default: the files the weights were read from, with digests. */
  readonly source?: Readonly<Record<string, unknown>> & { readonly kind: string };
}

/** Where the weights are looked for, in this order. */
export const WEIGHT_FILES = ['model.safetensors', 'model.onnx', 'onnx/model.onnx'] as const;

/**
 * Writes a model directory: published weights, this project's graph.
 * @throws ModelError `model_directory_missing`, `model_file_missing`, `config_invalid`, `structure_unsupported`,
 * `head_unsupported`, `weights_invalid`, `model_invalid`, `tokenizer_invalid`, `output_exists`.
 */
export async function buildModel(options: BuildOptions): Promise<ModelManifest> {
  const { directory, precision, embeddings, weightBits } = options;
  checkWeightBits(precision, weightBits);
  const found = await locate(directory);
  const { architecture, positions } = await readConfig(path.join(directory, 'config.json'));
  const maxLength = options.maxLength ?? positions;
  if (maxLength > positions || maxLength < 8) {
    throw new ModelError('config_invalid', `max length ${maxLength}: the model allows 8 to ${positions}`);
  }
  const source = await openSource(found, architecture);
  try {
    checkHead(source);
    const file = describeFile(directory, path.relative(directory, found));
    const variant = variantOf(directory, options.source, architecture);
    return await writeModelDirectory(options.out, {
      name: options.name ?? path.basename(path.resolve(directory)),
      ...(variant && { variant }),
      source: { kind: 'built', ...options.source, weights: file },
      architecture,
      weights: checkedReader(source, shapesOf(architecture)),
      precision,
      embeddings,
      weightBits,
      maxLength,
      tokenizerFile: path.join(directory, 'tokenizer.json'),
    });
  } finally {
    source.close();
  }
}

/** @throws ModelError `config_invalid` where there are no int8 weights to have them. */
export function checkWeightBits(precision: 'fp32' | 'int8', weightBits: WeightBits | undefined): void {
  if (weightBits === undefined || precision === 'int8') return;
  throw new ModelError('config_invalid', `weight bits are of int8 weights; the precision is ${precision}`);
}

/** The exporter's ONNX file below a directory with published files, where it has one. */
export function exportedFile(directory: string): string | undefined {
  return WEIGHT_FILES.slice(1)
    .map((file) => path.join(directory, file))
    .find((file) => existsSync(file));
}

/** An fp32 graph, as an ONNX file, of the weights that a built model was made from. */
export async function sourceGraph(directory: string, manifest: ModelManifest): Promise<Uint8Array> {
  const { architecture } = manifest;
  const source = await openSource(await locate(directory), architecture);
  try {
    const weights = checkedReader(source, shapesOf(architecture));
    const tokenTypes = manifest.inputs.token_type_ids !== undefined;
    return buildGraph({ architecture, weights, precision: 'fp32' }, tokenTypes);
  } finally {
    source.close();
  }
}

async function locate(directory: string): Promise<string> {
  const info = await stat(directory).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new ModelError(
      'model_directory_missing',
      `no directory with model files at ${directory}`,
      directory,
    );
  }
  const found = WEIGHT_FILES.map((file) => path.join(directory, file)).find((file) => existsSync(file));
  if (found) return found;
  const message = `${directory} holds no weights: one of ${WEIGHT_FILES.join(', ')} is wanted`;
  throw new ModelError('model_file_missing', message, directory);
}

function openSource(file: string, architecture: Architecture | BertArchitecture): Promise<WeightSource> {
  if (file.endsWith('.safetensors')) return Promise.resolve().then(() => new SafetensorsFile(file));
  return OnnxWeights.open(file, shapesOf(architecture));
}

/** A head of several classes, whatever config.json says of it. */
function checkHead(source: WeightSource): void {
  const shape = source.shape('classifier.weight');
  if (!shape || shape[0] === 1) return;
  const message = `${source.file}: classifier.weight has ${shape[0]} rows; a reranker's head has one: several classes give no single order`;
  throw new ModelError('head_unsupported', message, source.file);
}

/** The registry variant, if hub name or directory name say so and the sizes agree. */
function variantOf(
  directory: string,
  source: BuildOptions['source'],
  architecture: Architecture,
): string | undefined {
  if (isBert(architecture)) return undefined;
  const name = path.basename(path.resolve(directory));
  const id = isVariantId(name)
    ? name
    : VARIANT_IDS.find((one) => {
        const repository = VARIANTS[one].hub?.repository;
        return repository && (source?.repository === repository || repository.endsWith(`/${name}`));
      });
  if (!id) return undefined;
  const same = Object.entries(VARIANTS[id].architecture).every(
    ([key, size]) => architecture[key as keyof Architecture] === size,
  );
  return same ? id : undefined;
}
