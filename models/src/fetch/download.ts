import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelError } from '../errors.js';
import { refusal, unreachable } from './hub.js';
import type { RemoteFile } from './hub.js';

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with the bytes there so far, those of an earlier try included. */
  readonly onProgress?: (bytes: number) => void;
  /** Tries in a row that bring no byte before it gives up. Default: 4. */
  readonly tries?: number;
  /** First pause between tries, in milliseconds; it doubles. Default: 1,000. */
  readonly pauseMs?: number;
}

/** Answers worth another try. */
const PASSING = [408, 429, 500, 502, 503, 504];
/** A server's own wish for a pause is followed up to this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Downloads a file to `target`, by way of `target.part`, which a later call continues.
 * @throws ModelError `hub_unreachable`, `hub_refused`, `hub_not_found`, `hub_limited`; `download_incomplete` when the server
 * sends another size than its metadata say; `digest_mismatch`. A part that is too long or has a wrong digest is deleted.
 */
export async function download(
  file: RemoteFile,
  target: string,
  options: DownloadOptions = {},
): Promise<void> {
  const part = `${target}.part`;
  await mkdir(path.dirname(target), { recursive: true });
  const there = await stat(target).catch(() => undefined);
  if (there?.size === file.bytes && (await sameDigest(file, target))) {
    options.onProgress?.(file.bytes);
    return;
  }
  const { tries = 4, pauseMs = 1000 } = options;
  for (let failed = 0; (await sizeOf(part)) < file.bytes || file.bytes === 0;) {
    const before = await sizeOf(part);
    const fault = await receive(file, part, options);
    const after = await sizeOf(part);
    if (after > file.bytes) {
      await rm(part, { force: true });
      throw new ModelError(
        'download_incomplete',
        `${file.path}: the server sends more than the ${file.bytes} bytes of its metadata; the part was deleted`,
      );
    }
    if (!fault) break;
    failed = after > before ? 1 : failed + 1;
    if (failed >= tries) throw fault.error;
    await delay(Math.min(fault.pauseMs ?? pauseMs * 2 ** (failed - 1), LONGEST_PAUSE_MS));
  }
  if (!(await sameDigest(file, part))) {
    const wanted = file.sha256 ?? file.blob;
    await rm(part, { force: true });
    throw new ModelError(
      'digest_mismatch',
      `${file.path}: what came has not the digest ${wanted} of the hub's metadata; the part was deleted, fetch again`,
    );
  }
  await rename(part, target);
}

interface Fault {
  readonly error: ModelError;
  readonly pauseMs?: number;
}

/** One request, appended to the part. A fault that another try may mend is returned, any other thrown. */
async function receive(file: RemoteFile, part: string, options: DownloadOptions): Promise<Fault | undefined> {
  const have = await sizeOf(part);
  let response: Response;
  try {
    response = await fetch(file.url, {
      headers: { ...options.headers, ...(have > 0 && { range: `bytes=${have}-` }) },
    });
  } catch (cause) {
    return { error: unreachable(file.url, cause) };
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    // The part is longer than the file, or of another file: begin anew.
    if (response.status === 416) await rm(part, { force: true });
    const error = refusal(response.status, file.path, file.url);
    if (response.status !== 416 && !PASSING.includes(response.status)) throw error;
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return { error, ...(Number.isFinite(seconds) && { pauseMs: 1000 * seconds }) };
  }
  const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  const continued = response.status === 206 && Number(from?.[1]) === have;
  const out = createWriteStream(part, { flags: continued ? 'a' : 'w' });
  let bytes = continued ? have : 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (!out.write(chunk)) await once(out, 'drain');
      options.onProgress?.(Math.min(bytes, file.bytes));
      // One chunk too many tells; the rest need not come.
      if (bytes > file.bytes) break;
    }
  } catch (cause) {
    return { error: unreachable(file.url, cause) };
  } finally {
    await new Promise<void>((resolve) => out.end(() => resolve()));
  }
  if (bytes >= file.bytes) return undefined;
  const message = `${file.path}: the server sent ${bytes} of the ${file.bytes} bytes of its metadata`;
  return { error: new ModelError('download_incomplete', message) };
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** Holds a file against the SHA-256 of the metadata, or against its git blob id where that is all there is. */
async function sameDigest({ sha256, blob }: RemoteFile, file: string): Promise<boolean> {
  const hash = createHash(sha256 === undefined ? 'sha1' : 'sha256');
  if (sha256 === undefined) hash.update(`blob ${await sizeOf(file)}\0`);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex') === (sha256 ?? blob);
}
