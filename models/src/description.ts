import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { describeExport } from './exported.js';
import { MANIFEST_FILE, readManifest } from './manifest.js';
import type { ModelManifest } from './manifest.js';

/** What it takes to run a model: from its manifest, or read off the files of a hub repository. */
export interface ModelDescription extends Omit<
  ModelManifest,
  'format_version' | 'variant' | 'source' | 'precision' | 'parameters' | 'files' | 'created_by'
> {
  readonly precision: ModelManifest['precision'] | 'unknown';
  /** Absent where no manifest says it. */
  readonly parameters?: number;
  /** Present where the graph is an exporter's and not of this project. */
  readonly exported?: {
    /** What was chosen for want of a manifest and why, a sentence each. */
    readonly choices: readonly string[];
  };
}

/**
 * Reads a model directory: by its manifest, or, where it has none, as a bare hub export.
 * @throws ModelError as `readManifest` and `describeExport`.
 */
export async function readModelDirectory(directory: string): Promise<ModelDescription> {
  const bare =
    statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true &&
    !existsSync(path.join(directory, MANIFEST_FILE));
  return bare ? describeExport(directory) : readManifest(directory);
}
