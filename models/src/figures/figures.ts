import type { ProductForm } from '../encoder/quantization.js';
import { weightsOf } from '../encoder/spec.js';
import { describeManifest, modelFileBytes, readModelDirectory } from '../directory/description.js';
import { type ModelManifest, readManifestSync, weightBytes } from '../directory/manifest.js';
import { type BatchModel, WEIGHTS_BESIDE } from './memory.js';
import { embeddedModelDirectory } from '../package-root.js';
import { VARIANTS, type VariantId, isVariantId } from '../registry.js';
import { specOf } from '../structures/structures.js';

/** What sizing and cost need to know of a model: what it costs to load it, and to score a token. */
export interface ModelFigures extends BatchModel {
  /** A label: the variant's id, or the name in the manifest. */
  readonly name: string;
  /** The registry variant it is, where it is one. */
  readonly variant?: VariantId;
  /** Of its products. int8 weights that are multiplied in float32 are fp32. */
  readonly precision: 'fp32' | 'int8';
  /** How int8 products are computed that are not of the plain form, by the activation that they read. */
  readonly forms?: Readonly<Record<string, ProductForm>>;
  /** Bytes of weights and graph, on disk. */
  readonly weightsBytes: number;
  /** Longest pair in tokens, special tokens included. */
  readonly maxLength: number;
}

/** The figures of a model directory, from its manifest. */
export function manifestFigures(manifest: ModelManifest): ModelFigures {
  return described(describeManifest(manifest), weightBytes(manifest));
}

/**
 * The figures of a model directory, or of an export without a manifest.
 * @throws ModelError as `readModelDirectory` and `modelFileBytes`.
 */
export async function directoryFigures(directory: string): Promise<ModelFigures> {
  const description = await readModelDirectory(directory);
  return described(description, modelFileBytes(directory, description));
}

/** The figures of a variant of which no model directory is at hand: as `models build` makes it unless told otherwise. */
export function variantFigures(variant: VariantId, precision: 'fp32' | 'int8'): ModelFigures {
  if (variant === 'embedded' && precision === 'int8')
    return manifestFigures(readManifestSync(embeddedModelDirectory()));
  const { architecture, contextTokens, notBuilt } = VARIANTS[variant];
  const weightsBytes = bytesOf(variant, precision);
  return {
    name: variant,
    variant,
    precision,
    architecture,
    exported: notBuilt === undefined ? undefined : {},
    weightsBytes,
    weightsBeside: weightsBytes >= WEIGHTS_BESIDE && notBuilt === undefined ? true : undefined,
    maxLength: contextTokens,
  };
}

/** Tables, norms and biases stay float32; the weights of products take a byte each. */
function bytesOf(variant: VariantId, precision: 'fp32' | 'int8'): number {
  const { architecture, parameters } = VARIANTS[variant];
  const byte = precision === 'int8' ? 1 : 4;
  if (architecture.structure === 'other') {
    const embeddings = architecture.vocabulary * architecture.hidden;
    return 4 * embeddings + byte * (parameters - embeddings);
  }
  return [...weightsOf(specOf(architecture)).values()].reduce(
    (sum, { shape, kind }) => sum + shape.reduce((x, y) => x * y, 1) * (kind === 'linear' ? byte : 4),
    0,
  );
}

function described(
  model: Pick<
    ModelManifest,
    'name' | 'variant' | 'architecture' | 'exported' | 'quantization' | 'max_length'
  > &
    Pick<BatchModel, 'weightsBeside'> & {
      readonly precision: string;
    },
  weightsBytes: number,
): ModelFigures {
  const variant = model.variant !== undefined && isVariantId(model.variant) ? model.variant : undefined;
  return {
    name: variant ?? model.name,
    variant,
    precision: model.precision === 'int8' ? 'int8' : 'fp32',
    architecture: model.architecture,
    forms: model.quantization?.forms,
    exported: model.exported && {},
    weightsBytes,
    weightsBeside: model.weightsBeside,
    maxLength: model.max_length,
  };
}
