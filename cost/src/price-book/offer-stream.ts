import { CostError } from '../errors.js';

/** A file of AWS's price list. */
export interface OfferFile {
  readonly address: string;
  readonly signal?: AbortSignal;
  /** Gets a line as the file is read. */
  readonly onProgress?: (line: string) => void;
}

/**
 * The file as a stream: it is large.
 * @throws CostError that names it when it is missing, or its transfer ends early.
 */
export async function* chunksOf({ address, signal, onProgress }: OfferFile): AsyncGenerator<Uint8Array> {
  onProgress?.(`reading ${address}`);
  const { body, status } = await fetch(address, { signal }).catch((error: unknown) => {
    throw new CostError(`${address} cannot be fetched: ${reason(error)}`);
  });
  if (status !== 200 || body === null)
    throw new CostError(`${address} cannot be fetched: HTTP status ${status}`);
  let bytes = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw error instanceof CostError ? error : unreadable(address, bytes, error);
  }
}

export const unreadable = (address: string, bytes: number, error: unknown): CostError =>
  new CostError(`${address} cannot be read after ${bytes} bytes: ${reason(error)}`);

/** An error of fetch hides why behind its cause. */
function reason(error: unknown): string {
  const { cause, message } = error as Error;
  const { message: why, code } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  // Of several addresses that refused, the code alone says why.
  return (why || code || message).split('\n')[0]!;
}
