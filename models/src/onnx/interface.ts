import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ModelError } from '../errors.js';
import { mistakenFor } from '../common/file-kinds.js';

/** An input or output of an ONNX graph. */
export interface GraphValue {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly type: number;
  /** Sizes, undefined where they vary; undefined as a whole where the file declares no shape. */
  readonly dims?: readonly (number | undefined)[];
}

export interface GraphInterface {
  /** What has to be fed: inputs with a default among the initializers are left out. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Files beside it that hold weights, as paths relative to it. */
  readonly dataFiles: readonly string[];
}

/** Numbers of the fields that are looked at; the rest is skipped unread (`onnx/onnx.proto`). */
const GRAPH_OF_MODEL = 7;
const INITIALIZER_OF_GRAPH = 5;
const INPUT_OF_GRAPH = 11;
const OUTPUT_OF_GRAPH = 12;
const NAME_OF_TENSOR = 8;
const EXTERNAL_DATA_OF_TENSOR = 13;

/**
 * Inputs and outputs of an ONNX file. The weights, nearly all of the file, are not read.
 * @throws ModelError `model_file_missing`; `model_invalid` when it is truncated or not an ONNX file.
 */
export function readInterface(file: string): GraphInterface {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (cause) {
    throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
  }
  try {
    return scan(new FileCursor(handle));
  } catch (cause) {
    const beginning = Buffer.alloc(64);
    const read = readSync(handle, beginning, 0, beginning.length, 0);
    const reason = mistakenFor(beginning.subarray(0, read)) ?? (cause as Error).message;
    const why = `${file} is truncated or not an ONNX file: ${reason}`;
    throw new ModelError('model_invalid', why, file, { cause });
  } finally {
    closeSync(handle);
  }
}

function scan(cursor: FileCursor): GraphInterface {
  const inputs: GraphValue[] = [];
  const outputs: GraphValue[] = [];
  const initialized = new Set<string>();
  const dataFiles = new Set<string>();
  cursor.fields(cursor.size, (field, length) => {
    if (field !== GRAPH_OF_MODEL) return;
    cursor.fields(cursor.at + length, (part, bytes) => {
      if (part === INPUT_OF_GRAPH) inputs.push(readValue(cursor, bytes));
      else if (part === OUTPUT_OF_GRAPH) outputs.push(readValue(cursor, bytes));
      else if (part === INITIALIZER_OF_GRAPH) {
        cursor.fields(cursor.at + bytes, (entry, size) => {
          if (entry === NAME_OF_TENSOR) initialized.add(cursor.text(size));
          if (entry === EXTERNAL_DATA_OF_TENSOR) {
            const [key, value] = readEntry(cursor, size);
            if (key === 'location') dataFiles.add(value);
          }
        });
      }
    });
  });
  if (inputs.length === 0 || outputs.length === 0) throw new Error('it holds no graph');
  return { inputs: inputs.filter(({ name }) => !initialized.has(name)), outputs, dataFiles: [...dataFiles] };
}

/** A `StringStringEntryProto`: key 1, value 2. */
function readEntry(cursor: FileCursor, length: number): [string, string] {
  const entry: [string, string] = ['', ''];
  cursor.fields(cursor.at + length, (field, size) => {
    if (field === 1 || field === 2) entry[field - 1] = cursor.text(size);
  });
  return entry;
}

/** A `ValueInfoProto`: name 1, type 2; in it tensor_type 1 with elem_type 1 and shape 2; in that dim 1 with dim_value 1. */
function readValue(cursor: FileCursor, length: number): GraphValue {
  let name = '';
  let type = 0;
  let dims: (number | undefined)[] | undefined;
  cursor.fields(cursor.at + length, (field, size) => {
    if (field === 1) name = cursor.text(size);
    if (field !== 2) return;
    cursor.fields(cursor.at + size, (kind, bytes) => {
      if (kind !== 1) return;
      cursor.fields(cursor.at + bytes, (part, value) => {
        if (part === 1) type = value;
        if (part === 2) dims = readShape(cursor, value);
      });
    });
  });
  return { name, type, dims };
}

function readShape(cursor: FileCursor, length: number): (number | undefined)[] {
  const dims: (number | undefined)[] = [];
  cursor.fields(cursor.at + length, (field, size) => {
    if (field !== 1) return;
    let dim: number | undefined;
    cursor.fields(cursor.at + size, (part, value) => {
      // A name (2) leaves the size open, and so does 0.
      if (part === 1 && value > 0) dim = value;
    });
    dims.push(dim);
  });
  return dims;
}

const WINDOW_BYTES = 65_536;

/** Reads a protobuf message in a file field by field: https://protobuf.dev/programming-guides/encoding/ */
class FileCursor {
  readonly size: number;
  at = 0;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowStart = 0;
  #windowLength = 0;
  readonly #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
    this.size = fstatSync(handle).size;
  }

  /**
   * Calls back for every field up to `end`: with its length where it has one, and goes on behind it whatever was read of
   * it; else with its value.
   */
  fields(end: number, visit: (field: number, lengthOrValue: number) => void): void {
    while (this.at < end) {
      const tag = this.#varint();
      const kind = tag % 8;
      const field = Math.floor(tag / 8);
      if (kind === 0) visit(field, this.#varint());
      else if (kind === 1) this.at += 8;
      else if (kind === 5) this.at += 4;
      else if (kind === 2) {
        const length = this.#varint();
        const next = this.at + length;
        if (next > end) throw new Error(`a field ends at byte ${next}, what holds it at byte ${end}`);
        visit(field, length);
        this.at = next;
      } else throw new Error(`byte ${this.at} begins no field`);
    }
    if (this.at > end) throw new Error(`a field ends at byte ${this.at}, what holds it at byte ${end}`);
  }

  text(length: number): string {
    const bytes = Buffer.alloc(length);
    const read = readSync(this.#handle, bytes, 0, length, this.at);
    if (read !== length) throw new Error(`it ends before byte ${this.at + length}`);
    this.at += length;
    return bytes.toString('utf8');
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    // A negative int64 takes a tenth byte; none is a length.
    this.#byte();
    return value;
  }

  #byte(): number {
    const offset = this.at - this.#windowStart;
    if (offset < 0 || offset >= this.#windowLength) {
      this.#windowLength = readSync(this.#handle, this.#window, 0, WINDOW_BYTES, this.at);
      this.#windowStart = this.at;
      if (this.#windowLength === 0) throw new Error(`it ends before byte ${this.at + 1}`);
    }
    const byte = this.#window[this.at - this.#windowStart]!;
    this.at += 1;
    return byte;
  }
}
