import { chmod, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../errors.js';

/** Runs `write` on a temporary directory beside `out`, and moves it to `out` only when it has succeeded. */
export async function writeWhole<T>(out: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = path.resolve(out);
  const existing = await emptyTarget(out);
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = await mkdtemp(`${target}.part-`);
  try {
    const result = await write(temporary);
    if (existing) await rmdir(target);
    // A temporary directory is its owner's alone; the container runs as another user.
    await chmod(temporary, 0o755);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Whether `out` is there already, as an empty directory.
 * @throws ModelError `output_exists` when it is anything else.
 */
export async function emptyTarget(out: string): Promise<boolean> {
  const target = path.resolve(out);
  const existing = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ModelError('output_exists', `${out} exists and is not a directory`, out);
  });
  if (existing && existing.length > 0) {
    throw new ModelError(
      'output_exists',
      `${out} is not empty: name a new directory, or remove it first`,
      out,
    );
  }
  return existing !== undefined;
}
