import { rename, rm } from 'node:fs/promises';

/**
 * Writes a file whole, or leaves what was there.
 * @param write writes to the path it is given, which lies beside the file
 * @param part that path; a writer that has its directory to itself gives one that does not change, so that the part a
 * killed run left is written over
 * @throws whatever `write` throws, and the file system's errors; the part is then removed
 */
export async function replaceFile(
  file: string,
  write: (part: string) => Promise<unknown>,
  part = `${file}.${process.pid}.part`,
): Promise<void> {
  try {
    await write(part);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
