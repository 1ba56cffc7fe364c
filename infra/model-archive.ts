import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { create } from 'tar';
import { MANIFEST_FILE, type ModelManifest } from '../models';
import { ConfigurationError } from './configuration-error';

/** A model directory ready to be packed: exactly what its manifest lists, verified. */
export interface ModelDirectory {
  readonly directory: string;
  readonly manifest: ModelManifest;
  /** SHA-256 of what the archive will hold, in hexadecimal; equal content gives an equal digest. */
  readonly digest: string;
}

/**
 * Reads a model directory and verifies every file against its manifest, so that nothing else is uploaded.
 * @throws ConfigurationError naming each file that is missing or differs.
 */
export function readModelDirectory(directory: string): ModelDirectory {
  const file = path.join(directory, MANIFEST_FILE);
  let text: string;
  let manifest: ModelManifest;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError('modelDirectory', [
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}): a model directory holds a ${MANIFEST_FILE}`,
    ]);
  }
  try {
    manifest = JSON.parse(text) as ModelManifest;
  } catch (error) {
    throw new ConfigurationError('modelDirectory', [`${file} is not JSON: ${(error as Error).message}`]);
  }
  const faults = [...manifestFaults(manifest, file)];
  if (faults.length === 0) {
    for (const entry of manifest.files) faults.push(...fileFaults(directory, entry));
  }
  if (faults.length > 0) throw new ConfigurationError('modelDirectory', faults);
  return { directory, manifest, digest: createHash('sha256').update(text).digest('hex') };
}

/** Writes the `.tar.gz` of a model directory: the manifest's files in its order, no owners, no times, no links. */
export function packModel(model: ModelDirectory, target: string): void {
  create(
    {
      cwd: model.directory,
      file: target,
      sync: true,
      follow: true,
      portable: true,
      noDirRecurse: true,
      mtime: new Date(0),
      // Weights hardly compress; a higher level costs seconds at every changed synth for a few per cent.
      gzip: { level: 1 },
    },
    [MANIFEST_FILE, ...model.manifest.files.map((entry) => entry.path)],
  );
}

function manifestFaults(manifest: ModelManifest, file: string): string[] {
  const faults: string[] = [];
  if (manifest.format_version !== 1) faults.push(`${file}: format_version must be 1`);
  if (manifest.precision !== 'fp32' && manifest.precision !== 'int8') {
    faults.push(`${file}: precision must be "fp32" or "int8"`);
  }
  if (!Array.isArray(manifest.files) || manifest.files.length === 0) {
    return [...faults, `${file}: files must list the files of the model`];
  }
  for (const { path: name } of manifest.files) {
    const normal = path.posix.normalize(String(name));
    if (path.posix.isAbsolute(normal) || normal.startsWith('..')) {
      faults.push(`${file}: "${name}" leaves the model directory`);
    }
  }
  if (!manifest.files.some((entry) => entry.path === manifest.model)) {
    faults.push(`${file}: the model file "${manifest.model}" is not among files`);
  }
  return faults;
}

function fileFaults(directory: string, entry: ModelManifest['files'][number]): string[] {
  const file = path.join(directory, entry.path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return [`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`];
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return sha256 === entry.sha256
    ? []
    : [
        `${file} has SHA-256 ${sha256} and ${bytes.length} bytes; the manifest says ${entry.sha256} and ${entry.bytes}`,
      ];
}
