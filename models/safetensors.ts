import { open, writeFile } from 'node:fs/promises';
import { ModelError } from './errors';

/**
 * The safetensors format: 8 bytes of header length (little endian), a JSON header of name to dtype, shape and offsets,
 * then the values. Source: the format section of the safetensors README.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

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
  const values = [...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  await writeFile(file, Buffer.concat([length, text, ...values]));
}

/**
 * Reads every tensor of a file of float32 values.
 * @throws ModelError `model_invalid` when the file is truncated, is not this format, or holds other types.
 */
export async function readSafetensors(
  file: string,
): Promise<{ tensors: Map<string, Tensor>; metadata: Record<string, string> }> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
  });
  try {
    const bytes = await handle.readFile();
    const invalid = (why: string): ModelError => new ModelError('model_invalid', `${file}: ${why}`, file);
    if (bytes.length < 8) throw invalid('shorter than a safetensors header');
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    if (start > bytes.length) throw invalid('its header is truncated');
    const header = parseHeader(bytes.subarray(8, start).toString('utf8'), invalid);
    const { __metadata__: metadata, ...entries } = header;
    const tensors = new Map<string, Tensor>();
    for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries as Record<string, HeaderEntry>)) {
      if (dtype !== 'F32') throw invalid(`${name} has type ${dtype}; only F32 is read here`);
      if (start + to > bytes.length) throw invalid(`${name} ends at byte ${start + to} of ${bytes.length}: truncated`);
      const length = shape.reduce((product, n) => product * n, 1);
      if (to - from !== 4 * length) throw invalid(`${name} has ${to - from} bytes for shape ${shape.join('x')}`);
      const data = new Float32Array(length);
      new Uint8Array(data.buffer).set(bytes.subarray(start + from, start + to));
      tensors.set(name, { shape, data });
    }
    return { tensors, metadata: (metadata ?? {}) as Record<string, string> };
  } finally {
    await handle.close();
  }
}

function parseHeader(text: string, invalid: (why: string) => ModelError): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw invalid(`its header is not JSON: ${(error as Error).message}`);
  }
}
