/** The variants: registry, graph builder, model directories and their manifests. */
export { exportModel, openModelDirectory, packModel, type ModelDirectory, type Packed } from './archive';
export { readModelDirectory, type ModelDescription } from './description';
export { writeModelDirectory, type ModelContents } from './directory';
export { WEIGHT_FILES, buildModel, compareWithSource, type BuildOptions } from './build';
export { kendallTau, type Comparison } from './compare';
export { batchBytes, loadedBytes, type BatchModel } from './memory';
export { instructionSets, saturates } from './processor';
export { WEIGHT_BITS, type WeightBits } from './encoder/products';
export { fetchModel, type FetchOptions } from './fetch/fetch';
export type { RemoteFile } from './fetch/hub';
export { ModelError, type ModelErrorCode } from './errors';
export {
  MANIFEST_FILE,
  describeFile,
  parseManifest,
  readManifest,
  readManifestSync,
  robertaPair,
  specialTokens,
  writeManifest,
  type ManifestFile,
  type ModelManifest,
  type PairElement,
} from './manifest';
export {
  VARIANTS,
  VARIANT_IDS,
  countParameters,
  isVariantId,
  type Architecture,
  type HubFile,
  type PublishedQuality,
  type Variant,
  type VariantId,
} from './registry';
export { embeddedModelDirectory, packageRoot, packageVersion } from './package-root';
export { synthesizeModel, type SynthesizeOptions } from './synthesize';
export { verifyModel, type Check, type Verification } from './verify';
