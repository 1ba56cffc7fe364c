/** The variants: registry, graph builder, model directories and their manifests. */
export { packageRoot, writeModelDirectory, type ModelContents } from './directory';
export { ModelError, type ModelErrorCode } from './errors';
export {
  MANIFEST_FILE,
  describeFile,
  readManifest,
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
export { embeddedModelDirectory, synthesizeModel, type SynthesizeOptions } from './synthesize';
