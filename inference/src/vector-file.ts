import { open, readFile, stat } from 'node:fs/promises';
import type { SentenceEncoder } from './sentence-encoder.js';

/** Texts between two writes: what an interruption costs at most. */
const CHUNK = 512;

/**
 * Vectors of all texts, one after the other in a file of float32; those that are there already are not computed again.
 * @returns row-major [texts, width]
 */
export async function encodeToFile(
  encoder: Pick<SentenceEncoder, 'encode'>,
  file: string,
  texts: readonly string[],
  role: 'query' | 'document',
  onProgress?: (done: number) => void,
): Promise<{ all: Float32Array; width: number }> {
  // The width is the encoder's; an empty text tells it.
  const [probe] = await encoder.encode([''], role);
  const rowBytes = probe!.byteLength;
  const there = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  // Only whole chunks count: batches then hold the same texts as in a run that was not interrupted.
  let done = Math.min(Math.floor(there / rowBytes), texts.length);
  if (done < texts.length) done -= done % CHUNK;
  const out = await open(file, 'a');
  try {
    if (there !== done * rowBytes) await out.truncate(done * rowBytes);
    for (; done < texts.length; done = Math.min(done + CHUNK, texts.length)) {
      const vectors = await encoder.encode(texts.slice(done, done + CHUNK), role);
      await out.appendFile(
        Buffer.concat(vectors.map((v) => new Uint8Array(v.buffer, v.byteOffset, rowBytes))),
      );
      onProgress?.(Math.min(done + CHUNK, texts.length));
    }
  } finally {
    await out.close();
  }
  const bytes = await readFile(file);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { all, width: rowBytes / 4 };
}
