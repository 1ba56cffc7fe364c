import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { mistakenFor } from '../common/file-kinds.js';
import { ModelError } from '../errors.js';
import { bfloat16, float16 } from './half.js';

/**
 * The safetensors format: 8 bytes of header length (little endian), a JSON header of name to dtype, shape and offsets,
 * then the values. Source: the format section of the safetensors README.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes of a value, by the types read here. */
const WIDTHS: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };
/** No published header comes near; a larger one is a file of another kind. */
const LARGEST_HEADER = 100_000_000;

/** Writes float32 tensors, with string metadata. */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  // The header is padded with spaces so that the values start on an 8-byte boundary.
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const values = [...tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  await writeFile(file, Buffer.concat([length, text, ...values]));
}

/**
 * Reads every tensor of a file.
 * @throws ModelError as `SafetensorsFile`.
 */
export async function readSafetensors(
  file: string,
): Promise<{ tensors: Map<string, Tensor>; metadata: Record<string, string> }> {
  const source = new SafetensorsFile(file);
  try {
    const tensors = new Map<string, Tensor>();
    for (const name of source.names) {
      tensors.set(name, { shape: source.shape(name)!, data: source.read(name) });
    }
    return { tensors, metadata: source.metadata };
  } finally {
    source.close();
  }
}

/**
 * A file of F32, F16 and BF16 tensors, read one at a time, so that no more of a large model is in memory than asked for.
 * @throws ModelError `model_file_missing`; `model_invalid` when the file is truncated or is not this format.
 */
export class SafetensorsFile {
  readonly metadata: Record<string, string>;
  readonly #entries: ReadonlyMap<string, HeaderEntry>;
  readonly #handle: number;
  /** Byte where the values start. */
  readonly #start: number;

  constructor(readonly file: string) {
    try {
      this.#handle = openSync(file, 'r');
    } catch (cause) {
      throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
    }
    try {
      const size = fstatSync(this.#handle).size;
      const other = mistakenFor(this.#bytes(0, Math.min(size, 64)));
      if (other !== undefined) throw this.#invalid(other);
      if (size < 8) throw this.#invalid('shorter than a safetensors header');
      const length = Number(this.#bytes(0, 8).readBigUInt64LE(0));
      this.#start = 8 + length;
      if (this.#start > size || length > LARGEST_HEADER) throw this.#invalid('its header is truncated');
      const { __metadata__: metadata, ...entries } = this.#parse(this.#bytes(8, length).toString('utf8'));
      this.metadata = (metadata ?? {}) as Record<string, string>;
      this.#entries = new Map(Object.entries(entries as Record<string, HeaderEntry>));
      for (const [name, entry] of this.#entries) this.#check(name, entry, size);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  shape(name: string): readonly number[] | undefined {
    return this.#entries.get(name)?.shape;
  }

  /**
   * Values as float32, row-major.
   * @throws ModelError `model_invalid` when there is no such tensor or it holds no floats.
   */
  read(name: string): Float32Array {
    const entry = this.#entries.get(name);
    if (!entry) throw this.#invalid(`it has no tensor ${name}`);
    const { dtype, data_offsets } = entry;
    if (!(dtype in WIDTHS)) throw this.#invalid(`${name} has type ${dtype}; F32, F16 and BF16 are read here`);
    const [from, to] = data_offsets;
    const { buffer } = this.#bytes(this.#start + from, to - from);
    if (dtype === 'F32') return new Float32Array(buffer);
    return dtype === 'F16' ? float16(new Uint16Array(buffer)) : bfloat16(new Uint16Array(buffer));
  }

  close(): void {
    closeSync(this.#handle);
  }

  /** Bytes of the file in a buffer of their own. */
  #bytes(position: number, length: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.from(new ArrayBuffer(length));
    for (let at = 0; at < length;) {
      const read = readSync(this.#handle, bytes, at, Math.min(length - at, 2 ** 30), position + at);
      if (read === 0) throw this.#invalid(`it ends at byte ${position + at}: truncated`);
      at += read;
    }
    return bytes;
  }

  #check(name: string, { dtype, shape, data_offsets }: HeaderEntry, size: number): void {
    if (!Array.isArray(shape) || !Array.isArray(data_offsets))
      throw this.#invalid(`${name} has no shape or no offsets`);
    const [from, to] = data_offsets;
    if (this.#start + to > size)
      throw this.#invalid(`${name} ends at byte ${this.#start + to} of ${size}: truncated`);
    const width = WIDTHS[dtype];
    const bytes = (shape as number[]).reduce((product, n) => product * n, width ?? 0);
    if (width !== undefined && (from < 0 || to - from !== bytes))
      throw this.#invalid(`${name} has ${to - from} bytes for ${dtype} of shape ${shape.join('x')}`);
  }

  #parse(text: string): Record<string, unknown> {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch (error) {
      throw this.#invalid(`its header is not JSON: ${(error as Error).message}`);
    }
  }

  #invalid(why: string): ModelError {
    return new ModelError('model_invalid', `${this.file}: ${why}`, this.file);
  }
}
