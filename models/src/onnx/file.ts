import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '../errors.js';
import { mistakenFor } from '../common/file-kinds.js';
import { bfloat16, float16 } from '../source/half.js';
import { DataType, EXTERNAL, decodeModel } from './proto.js';
import type { Int64, ModelProto, TensorProto } from './proto.js';

/** Values of more bytes are left in the file until they are asked for. */
const LARGE = 65_536;

/**
 * Reads an ONNX file. Large values are not kept in memory: their tensors refer to the file as they would to a file of
 * values of their own, and `tensorValues` reads them.
 * @throws ModelError `model_file_missing`; `model_invalid` when it is truncated or not an ONNX file.
 */
export async function readOnnx(file: string): Promise<ModelProto> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
  });
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    const why = `${file} is truncated or not an ONNX file: ${mistakenFor(bytes) ?? (cause as Error).message}`;
    throw new ModelError('model_invalid', why, file, { cause });
  }
  if (!model.graph || model.graph.node.length === 0 || model.opsetImport.length === 0) {
    throw new ModelError('model_invalid', `${file} is not an ONNX file: it holds no graph`, file);
  }
  for (const tensor of model.graph.initializer) leaveInFile(tensor, bytes, file);
  return model;
}

function leaveInFile(tensor: TensorProto, bytes: Uint8Array, file: string): void {
  const { rawData } = tensor;
  if (!rawData || rawData.length < LARGE || rawData.buffer !== bytes.buffer) return;
  const entries = {
    location: path.basename(file),
    offset: String(rawData.byteOffset - bytes.byteOffset),
    length: String(rawData.length),
  };
  tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  tensor.dataLocation = EXTERNAL;
  delete tensor.rawData;
}

export function toNumber(value: Int64): number {
  return typeof value === 'number' ? value : value.toNumber();
}

export function dimensions(tensor: TensorProto): number[] {
  return tensor.dims.map(toNumber);
}

/**
 * Values of a float tensor of an ONNX file as float32, row-major.
 * @throws ModelError `external_data_missing`, `path_escapes`; `model_invalid` for other types or a wrong length.
 */
export function tensorValues(tensor: TensorProto, file: string): Float32Array {
  const length = dimensions(tensor).reduce((product, n) => product * n, 1);
  const invalid = (why: string): ModelError =>
    new ModelError('model_invalid', `${file}: ${tensor.name} ${why}`, file);
  if (tensor.floatData && tensor.floatData.length > 0) {
    if (tensor.floatData.length !== length)
      throw invalid(`has ${tensor.floatData.length} values for ${length}`);
    return Float32Array.from(tensor.floatData);
  }
  const width = tensor.dataType === DataType.FLOAT ? 4 : 2;
  if (![DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16].includes(tensor.dataType as 1))
    throw invalid(`has data type ${tensor.dataType}; float32, float16 and bfloat16 are read`);
  const bytes =
    tensor.dataLocation === EXTERNAL ? externalBytes(tensor, file) : (tensor.rawData ?? new Uint8Array(0));
  if (bytes.length !== width * length)
    throw invalid(`has ${bytes.length} bytes where its shape takes ${width * length}`);
  // A copy of its own: inside the file the values need not be aligned.
  const own = new Uint8Array(bytes.length);
  own.set(bytes);
  if (tensor.dataType === DataType.FLOAT) return new Float32Array(own.buffer);
  const bits = new Uint16Array(own.buffer);
  return tensor.dataType === DataType.FLOAT16 ? float16(bits) : bfloat16(bits);
}

function externalBytes(tensor: TensorProto, file: string): Uint8Array {
  const facts = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]));
  const location = facts.get('location') ?? '';
  const directory = path.resolve(path.dirname(file));
  const data = path.resolve(directory, location);
  if (!data.startsWith(directory + path.sep)) {
    const message = `${file}: ${tensor.name} lies in "${location}", outside the model's directory`;
    throw new ModelError('path_escapes', message, file);
  }
  const length = Number(facts.get('length') ?? Number.NaN);
  const offset = Number(facts.get('offset') ?? 0);
  const missing = (why: string, cause?: unknown): ModelError =>
    new ModelError(
      'external_data_missing',
      `${data} ${why}; ${file} keeps the values of ${tensor.name} there`,
      data,
      { cause },
    );
  let handle: number;
  try {
    handle = openSync(data, 'r');
  } catch (cause) {
    throw missing('cannot be read', cause);
  }
  try {
    const bytes = new Uint8Array(length);
    const read = readSync(handle, bytes, 0, length, offset);
    if (read !== length) throw missing(`ends before byte ${offset + length}`);
    return bytes;
  } finally {
    closeSync(handle);
  }
}
