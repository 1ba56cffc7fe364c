import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../errors.js';
import { describeExport } from './exported.js';
import { MANIFEST_FILE, readManifest } from './manifest.js';
import type { ModelManifest } from './manifest.js';

/** What it takes to run a model: from its manifest, or read off the files of a hub repository. */
export interface ModelDescription extends Omit<
  ModelManifest,
  'format_version' | 'source' | 'precision' | 'files' | 'created_by'
> {
  readonly precision: ModelManifest['precision'] | 'unknown';
  /** The ONNX file and those that hold weights beside it, as paths inside the directory. Default: the ONNX file. */
  readonly modelFiles?: readonly string[];
  /** Whether weights lie in a file beside the ONNX file. */
  readonly weightsBeside?: boolean;
}

/**
 * Reads a model directory: by its manifest, or, where it has none, as a bare hub export.
 * @throws ModelError as `readManifest` and `describeExport`.
 */
export async function readModelDirectory(directory: string): Promise<ModelDescription> {
  const bare =
    statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true &&
    !existsSync(path.join(directory, MANIFEST_FILE));
  return bare ? describeExport(directory) : describeManifest(await readManifest(directory));
}

export function describeManifest(manifest: ModelManifest): ModelDescription {
  const modelFiles = manifest.files
    .map((file) => file.path)
    .filter((file) => file !== manifest.tokenizer.path);
  return { ...manifest, modelFiles, weightsBeside: modelFiles.length > 1 ? true : undefined };
}

/**
 * Bytes of a model's weights and graph on disk, values kept in files beside the ONNX file included.
 * @throws ModelError `external_data_missing`.
 */
export function modelFileBytes(
  directory: string,
  { model, modelFiles = [model] }: Pick<ModelDescription, 'model' | 'modelFiles'>,
): number {
  return modelFiles.reduce((sum, name) => {
    const file = path.join(directory, name);
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) {
      throw new ModelError(
        'external_data_missing',
        `${file} is missing: the model's weights are in it`,
        file,
      );
    }
    return sum + found.size;
  }, 0);
}
