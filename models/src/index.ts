/** What a model is: the variants, their structure and figures, model directories and their manifests. Loads nothing heavy. */
export { STRUCTURES, type Architecture, type Structure } from './architecture.js';
export {
  exportModel,
  openModelDirectory,
  packModel,
  type ModelDirectory,
  type Packed,
} from './directory/archive.js';
export { cacheDirectory } from './common/cache-directory.js';
export { modelFileBytes, readModelDirectory, type ModelDescription } from './directory/description.js';
export { PRECISIONS, type Precision } from './encoder/quantization.js';
export { ModelError, type ModelErrorCode } from './errors.js';
export { explain, systemReason, UsageError } from './common/failure.js';
export { directoryFigures, manifestFigures, variantFigures, type ModelFigures } from './figures/figures.js';
export { FAR } from './encoder/constants.js';
export { DownloadError, download, type DownloadOptions, type Remote } from './fetch/download.js';
export { escapeHtml, htmlPage, type HtmlPage } from './common/html-page.js';
export { importExport } from './directory/import.js';
export { describeFaults, type LineFault } from './common/line-faults.js';
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
} from './directory/manifest.js';
export { batchBytes, loadedBytes, MOST_PROCESSES, SERVER_BYTES, type BatchModel } from './figures/memory.js';
export {
  operationsPerBatch,
  operationsPerToken,
  productForms,
  type BatchOperations,
  type Operations,
} from './figures/operations.js';
export { builtFile, embeddedModelDirectory, packageRoot, packageVersion } from './package-root.js';
export { LONGEST_REACH, Planner, type BatchLimit, type PlanItem } from './figures/planner.js';
export { instructionSets, saturates } from './figures/processor.js';
export { Random } from './common/random.js';
export {
  VARIANTS,
  VARIANT_IDS,
  isVariantId,
  type HubFile,
  type PublishedQuality,
  type Variant,
  type VariantId,
} from './registry.js';
export { replaceFile } from './common/replace-file.js';
export { SAMPLE_DOCUMENTS, SAMPLE_QUERIES } from './sample-texts.js';
export { parametersOf } from './structures/structures.js';
export { readTokenizer } from './directory/tokenizer-file.js';
export { emptyTarget, writeWhole } from './common/write-whole.js';
