import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { writeWhole } from './directory';
import { ModelError } from './errors';
import { MANIFEST_FILE, describeFile, readManifest } from './manifest';
import type { ManifestFile, ModelManifest } from './manifest';

export interface Packed {
  readonly path: string;
  readonly bytes: number;
  /** Of the archive; for a plain directory, of its manifest. */
  readonly sha256: string;
}

/**
 * Packs a model directory as SageMaker's `model.tar.gz`: the manifest and the files it lists, in its order, and nothing
 * else; no owners, no times, no links, so that the same input gives the same bytes.
 * @throws ModelError as `readManifest`; `digest_mismatch` when a file is not the one its manifest describes;
 * `output_exists`.
 */
export async function packModel(directory: string, out: string): Promise<Packed> {
  const manifest = await readVerified(directory);
  if (existsSync(out)) throw new ModelError('output_exists', `${out} exists: name a new file`, out);
  await mkdir(path.dirname(path.resolve(out)), { recursive: true });
  const part = `${out}.part-${process.pid}`;
  const { create } = await import('tar');
  try {
    await create(
      {
        cwd: directory,
        file: part,
        // A link in the directory becomes the file it names: SageMaker extracts none.
        follow: true,
        portable: true,
        noDirRecurse: true,
        mtime: new Date(0),
        // Weights hardly compress; a higher level costs seconds for a few per cent.
        gzip: { level: 1 },
      },
      [MANIFEST_FILE, ...manifest.files.map((file) => file.path)],
    );
    const { bytes, sha256 } = await describeFile(path.dirname(part), path.basename(part));
    await rename(part, out);
    return { path: out, bytes, sha256 };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Copies what a model directory's manifest lists, and nothing else, for uncompressed model data in S3.
 * @throws ModelError as `packModel`.
 */
export async function exportModel(directory: string, out: string): Promise<Packed> {
  const manifest = await readVerified(directory);
  return writeWhole(out, async (target) => {
    for (const name of [MANIFEST_FILE, ...manifest.files.map((file) => file.path)]) {
      await mkdir(path.dirname(path.join(target, name)), { recursive: true });
      await copyFile(path.join(directory, name), path.join(target, name));
    }
    const { sha256 } = await describeFile(target, MANIFEST_FILE);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    return { path: out, bytes, sha256 };
  });
}

/** The manifest of a directory whose files have the digests it declares. */
async function readVerified(directory: string): Promise<ModelManifest> {
  const manifest = await readManifest(directory);
  for (const entry of manifest.files) await checkDigest(directory, entry);
  return manifest;
}

async function checkDigest(directory: string, entry: ManifestFile): Promise<void> {
  const { sha256 } = await describeFile(directory, entry.path);
  if (sha256 === entry.sha256) return;
  const file = path.join(directory, entry.path);
  throw new ModelError(
    'digest_mismatch',
    `${file} has SHA-256 ${sha256}; the manifest declares ${entry.sha256}`,
    file,
  );
}
