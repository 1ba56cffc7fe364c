import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a store takes. */
export interface StoreLimits {
  /** Bytes of one object. */
  readonly objectBytes: number;
  /** Bytes of all objects. */
  readonly totalBytes: number;
  /** Number of objects. */
  readonly objects: number;
}

// An asynchronous endpoint takes 1 GB a request; the rest keeps a forgotten endpoint from filling the disk.
const DEFAULT_LIMITS: StoreLimits = { objectBytes: 1024 ** 3, totalBytes: 4 * 1024 ** 3, objects: 100_000 };

export interface StoredObject {
  readonly bytes: number;
  readonly contentType: string;
  /** MD5 of the content, in hexadecimal. */
  readonly md5: string;
  readonly modified: Date;
}

/** A limit of the store was reached; the object is not stored. */
export class StoreLimitError extends Error {
  override readonly name = 'StoreLimitError';
  constructor(
    readonly limit: keyof StoreLimits,
    message: string,
  ) {
    super(message);
  }
}

interface Entry extends StoredObject {
  readonly file: string;
}

/** Objects by bucket and key, in files of a temporary directory that goes with the store. Every bucket exists. */
export class LocalObjectStore {
  readonly #entries = new Map<string, Entry>();
  #directory: Promise<string> | undefined;
  #written = 0;
  /** Of stored objects and of those being written. */
  #bytes = 0;

  readonly #limits: StoreLimits;

  constructor(limits: StoreLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Stores an object whole, or not at all; one of the same name is replaced at once.
   * @param name `bucket/key`
   * @throws StoreLimitError, or whatever `content` throws
   */
  async put(name: string, content: AsyncIterable<Uint8Array>, contentType: string): Promise<StoredObject> {
    if (!this.#entries.has(name) && this.#entries.size >= this.#limits.objects) {
      throw new StoreLimitError(
        'objects',
        `the store holds ${this.#limits.objects} objects and takes no more`,
      );
    }
    const file = path.join(await this.#open(), String(this.#written++));
    const hash = createHash('md5');
    let bytes = 0;
    try {
      await pipeline(
        this.#counted(content, hash, (more) => (bytes += more)),
        createWriteStream(file),
      );
    } catch (error) {
      this.#bytes -= bytes;
      await rm(file, { force: true });
      throw error;
    }
    const before = this.#entries.get(name);
    const entry: Entry = { file, bytes, contentType, md5: hash.digest('hex'), modified: new Date() };
    this.#entries.set(name, entry);
    if (before) await this.#forget(before);
    return entry;
  }

  /** What is known of an object; undefined when there is none. */
  head(name: string): StoredObject | undefined {
    return this.#entries.get(name);
  }

  /** An object as it is now, whatever happens to its name meanwhile; undefined when there is none. */
  read(name: string): { readonly object: StoredObject; readonly content: Readable } | undefined {
    const entry = this.#entries.get(name);
    return entry && { object: entry, content: createReadStream(entry.file) };
  }

  async delete(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (entry) await this.#forget(entry);
  }

  /** Removes everything. */
  async close(): Promise<void> {
    this.#entries.clear();
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true });
  }

  async *#counted(
    content: AsyncIterable<Uint8Array>,
    hash: { update(chunk: Uint8Array): unknown },
    count: (bytes: number) => number,
  ): AsyncGenerator<Uint8Array> {
    const { objectBytes, totalBytes } = this.#limits;
    for await (const chunk of content) {
      this.#bytes += chunk.byteLength;
      if (count(chunk.byteLength) > objectBytes) {
        throw new StoreLimitError('objectBytes', `an object has at most ${objectBytes} bytes`);
      }
      if (this.#bytes > totalBytes) {
        throw new StoreLimitError('totalBytes', `all objects together have at most ${totalBytes} bytes`);
      }
      hash.update(chunk);
      yield chunk;
    }
  }

  #open(): Promise<string> {
    return (this.#directory ??= mkdtemp(path.join(tmpdir(), 'reranker-objects-')));
  }

  async #forget({ file, bytes }: Entry): Promise<void> {
    this.#bytes -= bytes;
    // A reader that has it open reads on.
    await rm(file, { force: true });
  }
}
