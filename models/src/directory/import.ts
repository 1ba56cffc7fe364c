import { existsSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../errors.js';
import { describeExport } from './exported.js';
import { MANIFEST_FILE, type ModelManifest, describeFile, writeManifest } from './manifest.js';
import { packageVersion } from '../package-root.js';

/**
 * Writes a manifest for an export as it is, so that what takes a model directory takes it: verify, package, tune, measure and
 * deploy. Its graph stays the exporter's.
 * @throws ModelError as `describeExport`, and `output_exists` where there is a manifest already.
 */
export async function importExport(
  directory: string,
  options: { readonly name?: string } = {},
): Promise<ModelManifest> {
  if (existsSync(path.join(directory, MANIFEST_FILE))) {
    const message = `${directory} has a ${MANIFEST_FILE} already: it is a model directory`;
    throw new ModelError('output_exists', message, directory);
  }
  const { modelFiles = [], precision, ...described } = await describeExport(directory);
  const { name, version } = packageVersion();
  const manifest: ModelManifest = {
    format_version: 1,
    ...described,
    name: options.name ?? described.name,
    source: { kind: 'imported' },
    // What the arithmetic of an export is no file says; fp32 is the bound on its memory.
    precision: precision === 'unknown' ? 'fp32' : precision,
    files: [...modelFiles, described.tokenizer.path].map((file) => describeFile(directory, file)),
    created_by: `${name} ${version}`,
  };
  await writeManifest(directory, manifest);
  return JSON.parse(JSON.stringify(manifest)) as ModelManifest;
}
