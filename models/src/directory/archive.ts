import { copyFile, mkdir } from 'node:fs/promises';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { create } from 'tar';
import { ModelError } from '../errors.js';
import { MANIFEST_FILE, describeFile, readManifestSync } from './manifest.js';
import type { ModelManifest } from './manifest.js';
import { writeWhole } from '../common/write-whole.js';

/** A model directory whose files are, byte for byte, the ones its manifest describes. */
export interface ModelDirectory {
  readonly directory: string;
  readonly manifest: ModelManifest;
  /** SHA-256 of the manifest, in hexadecimal. The manifest holds its files' digests, so equal content gives an equal digest. */
  readonly digest: string;
}

export interface Packed {
  readonly path: string;
  readonly bytes: number;
  /** Of the archive; for a plain directory, of its manifest. */
  readonly sha256: string;
}

/**
 * Reads a model directory and compares every file with the digest its manifest declares. Synchronous, because the
 * synthesis of a CDK app is.
 * @throws ModelError as `readManifest`; `digest_mismatch` naming every file that differs.
 */
export function openModelDirectory(directory: string): ModelDirectory {
  const manifest = readManifestSync(directory);
  const faults: string[] = [];
  for (const { path: name, sha256: declared } of manifest.files) {
    const { sha256 } = describeFile(directory, name);
    const file = path.join(directory, name);
    if (sha256 !== declared) faults.push(`${file} has SHA-256 ${sha256}; the manifest declares ${declared}`);
  }
  if (faults.length > 0) throw new ModelError('digest_mismatch', faults.join('; '), directory);
  return { directory, manifest, digest: describeFile(directory, MANIFEST_FILE).sha256 };
}

/**
 * Packs a model directory as SageMaker's `model.tar.gz`: the manifest and the files it lists, in its order, and nothing
 * else; no owners, no times, no links, so that the same input gives the same bytes. Whole, or not at all.
 * @throws ModelError `output_exists`.
 */
export function packModel({ directory, manifest }: ModelDirectory, out: string): Packed {
  if (existsSync(out)) throw new ModelError('output_exists', `${out} exists: name a new file`, out);
  mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
  const part = `${out}.part-${process.pid}`;
  try {
    create(
      {
        cwd: directory,
        file: part,
        sync: true,
        // A link in the directory becomes the file it names: SageMaker extracts none.
        follow: true,
        portable: true,
        noDirRecurse: true,
        mtime: new Date(0),
        // Weights hardly compress; a higher level costs seconds for a few per cent.
        gzip: { level: 1 },
      },
      contentsOf(manifest),
    );
    const { bytes, sha256 } = describeFile(path.dirname(part), path.basename(part));
    renameSync(part, out);
    return { path: out, bytes, sha256 };
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/**
 * Copies what a model directory's manifest lists, and nothing else, for uncompressed model data in S3.
 * @throws ModelError `output_exists` when `out` is not a new or empty directory.
 */
export async function exportModel(
  { directory, manifest, digest }: ModelDirectory,
  out: string,
): Promise<Packed> {
  return writeWhole(out, async (target) => {
    for (const name of contentsOf(manifest)) {
      await mkdir(path.dirname(path.join(target, name)), { recursive: true });
      await copyFile(path.join(directory, name), path.join(target, name));
    }
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    return { path: out, bytes, sha256: digest };
  });
}

function contentsOf(manifest: ModelManifest): string[] {
  return [MANIFEST_FILE, ...manifest.files.map((file) => file.path)];
}
