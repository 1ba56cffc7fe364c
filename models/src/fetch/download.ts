import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A file that can be downloaded. */
export interface Remote {
  /** What errors call it. */
  readonly name: string;
  readonly url: string;
  /** Where it is known before. */
  readonly bytes?: number;
  /** In hexadecimal; `git-blob` is the SHA-1 that git names a file by. */
  readonly digest: { readonly algorithm: 'sha256' | 'md5' | 'git-blob'; readonly hex: string };
}

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with the bytes there so far, those of an earlier try included, and in all where that is known. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  /** Tries, the last that brought bytes and those after it that brought none, before it gives up. Default: 4. */
  readonly tries?: number;
  /** First pause between tries, in milliseconds; it doubles. Default: 1,000. */
  readonly pauseMs?: number;
}

/** Why a file did not come: no answer, an answer that is no success, another size than was told, other bytes. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  constructor(
    readonly code: 'unreachable' | 'refused' | 'incomplete' | 'digest_mismatch',
    message: string,
    /** HTTP status of a refusal. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const DIGESTS = { sha256: 'SHA-256', md5: 'MD5', 'git-blob': 'git blob id' } as const;
/** Answers worth another try. */
const PASSING = [408, 429, 500, 502, 503, 504];
/** A server's own wish for a pause is followed up to this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Downloads a file to `target`, by way of `target.part`, which a later call continues. A part that is too long or has a wrong
 * digest is deleted; bytes of an earlier call, which may be of another file, get no second chance to spoil this one.
 * @throws DownloadError; the signal's reason.
 */
export async function download(remote: Remote, target: string, options: DownloadOptions = {}): Promise<void> {
  const part = `${target}.part`;
  await mkdir(path.dirname(target), { recursive: true });
  const there = await stat(target).catch(() => undefined);
  if (there && there.size === remote.bytes && (await digestOf(remote, target)) === remote.digest.hex) {
    options.onProgress?.(there.size, there.size);
    return;
  }
  const resumed = (await sizeOf(part)) > 0;
  await fetchWhole(remote, part, options);
  let digest = await digestOf(remote, part);
  if (digest !== remote.digest.hex && resumed) {
    await rm(part, { force: true });
    await fetchWhole(remote, part, options);
    digest = await digestOf(remote, part);
  }
  if (digest !== remote.digest.hex) {
    await rm(part, { force: true });
    const { algorithm, hex } = remote.digest;
    throw new DownloadError(
      'digest_mismatch',
      `${remote.name} has ${DIGESTS[algorithm]} ${digest}, not ${hex}: damaged on the way or replaced; the part was deleted`,
    );
  }
  await rename(part, target);
}

async function fetchWhole(
  { bytes, ...remote }: Remote,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const { tries = 4, pauseMs = 1000 } = options;
  for (let failed = 0; ;) {
    const before = await sizeOf(part);
    if (bytes !== undefined && bytes > 0 && before >= bytes) return;
    const outcome = await receive({ bytes, ...remote }, part, options);
    const after = await sizeOf(part);
    if (bytes !== undefined && after > bytes) {
      await rm(part, { force: true });
      throw new DownloadError(
        'incomplete',
        `${remote.name}: the server sends more than the ${bytes} bytes of its metadata; the part was deleted`,
      );
    }
    if (outcome === 'whole') return;
    if (outcome === 'anew') continue;
    failed = after > before ? 1 : failed + 1;
    if (failed >= tries) {
      if (after === 0) await rm(part, { force: true });
      throw outcome.error;
    }
    const pause = outcome.pauseMs ?? pauseMs * 2 ** (failed - 1);
    await delay(Math.min(pause, LONGEST_PAUSE_MS), undefined, { signal: options.signal });
  }
}

/** A fault that another try may mend. */
interface Fault {
  readonly error: DownloadError;
  readonly pauseMs?: number;
}

/** One request, appended to the part; `anew`: the part is of no use and gone. */
async function receive(
  remote: Remote,
  part: string,
  { headers, signal, onProgress }: DownloadOptions,
): Promise<'whole' | 'anew' | Fault> {
  const { name, url, bytes: expected } = remote;
  const have = await sizeOf(part);
  const incomplete = (why: string): Fault => ({ error: new DownloadError('incomplete', `${name}: ${why}`) });
  const broken = (cause: unknown): Fault => {
    signal?.throwIfAborted();
    const why = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause).message : cause;
    return {
      error: new DownloadError('unreachable', `${url} cannot be downloaded: ${String(why)}`, undefined, {
        cause,
      }),
    };
  };
  let response: Response;
  try {
    response = await fetch(url, {
      // A range counts in the bytes of the file, not of a compressed form of it.
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      },
      signal,
    });
  } catch (cause) {
    return broken(cause);
  }
  const [, first, size] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  if (response.status === 416 && have > 0) {
    await response.body?.cancel();
    // Nothing comes after the last byte: the file was whole. Any other size is of another file.
    if (Number(size) === have) return 'whole';
    await rm(part, { force: true });
    return 'anew';
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const { status, statusText } = response;
    const message = `${url} cannot be downloaded: status ${status} ${statusText}`.trim();
    const error = new DownloadError('refused', message, status);
    if (!PASSING.includes(status)) throw error;
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return { error, pauseMs: Number.isFinite(seconds) ? 1000 * seconds : undefined };
  }
  const continued = response.status === 206;
  if (continued && Number(first) !== have) {
    await response.body.cancel();
    return incomplete(`the server resumed at byte ${first}, not ${have}`);
  }
  let bytes = continued ? have : 0;
  const length = Number(response.headers.get('content-length') ?? Number.NaN) + bytes;
  const total = expected ?? (Number.isFinite(length) ? length : undefined);
  const out = createWriteStream(part, { flags: continued ? 'a' : 'w' });
  const failed = new Promise<never>((_, reject) => out.once('error', reject));
  failed.catch(() => undefined);
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (!out.write(chunk)) await Promise.race([once(out, 'drain'), failed]);
      onProgress?.(total === undefined ? bytes : Math.min(bytes, total), total);
      // One chunk too many tells; the rest need not come.
      if (expected !== undefined && bytes > expected) break;
    }
  } catch (cause) {
    return broken(cause);
  } finally {
    await Promise.race([new Promise<void>((resolve) => out.end(() => resolve())), failed]).catch(
      () => undefined,
    );
  }
  if (expected === undefined || bytes >= expected) return 'whole';
  return incomplete(`the server sent ${bytes} of the ${expected} bytes of its metadata`);
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

async function digestOf({ digest: { algorithm } }: Remote, file: string): Promise<string> {
  const hash = createHash(algorithm === 'git-blob' ? 'sha1' : algorithm);
  if (algorithm === 'git-blob') hash.update(`blob ${await sizeOf(file)}\0`);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
