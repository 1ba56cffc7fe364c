/** What a model is: the variants, their structure and figures, model directories and their manifests. Loads nothing heavy. */
export { STRUCTURES, type Architecture, type Structure } from './architecture.js';
export { exportModel, openModelDirectory, packModel, type ModelDirectory, type Packed } from './archive.js';
export { cacheDirectory } from './cache-directory.js';
export { modelFileBytes, readModelDirectory, type ModelDescription } from './description.js';
export { PRECISIONS, type Precision } from './encoder/quantization.js';
export { ModelError, type ModelErrorCode } from './errors.js';
export { explain, systemReason, UsageError } from './failure.js';
export { directoryFigures, manifestFigures, variantFigures, type ModelFigures } from './figures.js';
export { FAR } from './encoder/constants.js';
export { DownloadError, download, type DownloadOptions, type Remote } from './fetch/download.js';
export { escapeHtml, htmlPage, type HtmlPage } from './html-page.js';
export { importExport } from './import.js';
export { describeFaults, type LineFault } from './line-faults.js';
export {
  MANIFEST_FILE,
  describeFile,
  parseManifest,
  readManifest,
  readManifestSync,
  robertaPair,
  specialTokens,
  weightBytes,
  writeManifest,
  type ManifestFile,
  type ModelManifest,
  type PairElement,
} from './manifest.js';
export { batchBytes, loadedBytes, SERVER_BYTES, type BatchModel } from './memory.js';
export {
  operationsPerBatch,
  operationsPerToken,
  productForms,
  type BatchOperations,
  type Operations,
} from './operations.js';
export { builtFile, embeddedModelDirectory, packageRoot, packageVersion } from './package-root.js';
export { LONGEST_REACH, Planner, type BatchLimit, type PlanItem } from './planner.js';
export { instructionSets, saturates } from './processor.js';
export { Random } from './random.js';
export {
  VARIANTS,
  VARIANT_IDS,
  isVariantId,
  type HubFile,
  type PublishedQuality,
  type Variant,
  type VariantId,
} from './registry.js';
export { replaceFile } from './replace-file.js';
export { SAMPLE_DOCUMENTS, SAMPLE_QUERIES } from './sample-texts.js';
export { parametersOf } from './structures/structures.js';
export { readTokenizer } from './tokenizer-file.js';
export { emptyTarget, writeWhole } from './write-whole.js';
