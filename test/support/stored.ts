import { stat } from 'node:fs/promises';

/** Resolves when a file holds this many bytes: a connection that ends earlier may lose what is on its way. */
export async function stored(file: string, bytes: number): Promise<void> {
  while ((await stat(file).catch(() => undefined))?.size !== bytes);
}
