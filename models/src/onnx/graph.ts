import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WEIGHTS_BESIDE } from '../figures/memory.js';
import { AttributeType, DataType, EXTERNAL, encodeModel } from './proto.js';
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from './proto.js';

/** Operator set of the standard domain that every graph of this project declares. */
const OPSET = 17;
/** ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** Smaller weights stay in the ONNX file. */
const LARGE_WEIGHT = 65_536;
/** Page size, so that a runtime may map the weights. */
const ALIGNMENT = 65_536;
const WRITTEN_AT_ONCE = 2 ** 30;

type Attribute = number | string | readonly number[] | Graph | { readonly float: number };
export type Dimension = number | string;

const producer = { name: 'sagemaker-reranker', version: '1' };

/**
 * An ONNX graph under construction: operators in the order of their execution, values by name.
 * Values of an enclosing graph may be named inside a subgraph, as ONNX allows.
 */
export class Graph {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #constants = new Map<string, string>();
  #counter = 0;
  readonly #weights: Graph | undefined;

  /** @param weights the graph that keeps the initializers of this subgraph; default: this graph itself */
  constructor(
    readonly name: string,
    weights?: Graph,
  ) {
    this.#weights = weights;
  }

  input(name: string, type: DataType, dims: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, type, dims));
    return name;
  }

  output(name: string, type: DataType, dims: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, type, dims));
  }

  /** A weight. `data` is row-major and as long as the product of `dims`. */
  initializer(name: string, type: DataType, dims: readonly number[], data: ArrayBufferView): string {
    if (this.#weights) return this.#weights.initializer(name, type, dims, data);
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, dataType: type, dims: [...dims], rawData });
    return name;
  }

  /** A float32 constant: a scalar for a number, else one dimension. Equal constants are stored once. */
  float(value: number | readonly number[], dims?: readonly number[]): string {
    return this.#constant(DataType.FLOAT, value, dims, Float32Array.from([value].flat()));
  }

  /** An int64 constant: a scalar for a number, else one dimension. Equal constants are stored once. */
  int(value: number | readonly number[]): string {
    return this.#constant(DataType.INT64, value, undefined, BigInt64Array.from([value].flat(), BigInt));
  }

  /** A uint8 scalar constant. */
  byte(value: number): string {
    return this.#constant(DataType.UINT8, value, undefined, Uint8Array.of(value));
  }

  /** Adds an operator with one output and returns that output's name. */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): string {
    return this.ops(type, inputs, 1, attributes, domain)[0]!;
  }

  /** Adds an operator with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    outputs: number | readonly string[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): string[] {
    const label = `${this.name}/${type}_${this.#counter++}`;
    const names =
      typeof outputs === 'number'
        ? Array.from({ length: outputs }, (_, i) => (outputs === 1 ? label : `${label}:${i}`))
        : [...outputs];
    const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
    this.#nodes.push({ opType: type, domain, name: label, input: [...inputs], output: names, attribute });
    return names;
  }

  toProto(): GraphProto {
    return {
      name: this.name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
  }

  /**
   * Writes the model as `name`, and from WEIGHTS_BESIDE on its larger weights as `name_data`, the name that exporters give it.
   * @returns the files written
   */
  async write(directory: string, name: string): Promise<string[]> {
    const bytes = this.#initializers.reduce((sum, { rawData }) => sum + (rawData?.length ?? 0), 0);
    if (bytes < WEIGHTS_BESIDE) {
      await writeFile(path.join(directory, name), this.toModel());
      return [name];
    }
    const location = `${name}_data`;
    const data = await open(path.join(directory, location), 'w');
    try {
      let offset = 0;
      for (const tensor of this.#initializers) {
        const { rawData } = tensor;
        if (rawData === undefined || rawData.length < LARGE_WEIGHT) continue;
        for (let at = 0; at < rawData.length; at += WRITTEN_AT_ONCE) {
          await data.write(rawData.subarray(at, at + WRITTEN_AT_ONCE), 0, undefined, offset + at);
        }
        const entries = { location, offset: String(offset), length: String(rawData.length) };
        tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
        tensor.dataLocation = EXTERNAL;
        offset = Math.ceil((offset + rawData.length) / ALIGNMENT) * ALIGNMENT;
        delete tensor.rawData;
      }
    } finally {
      await data.close();
    }
    await writeFile(path.join(directory, name), this.toModel());
    return [name, location];
  }

  /** The whole model as bytes of the ONNX format. */
  toModel(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return encodeModel({
      irVersion: 8,
      producerName: producer.name,
      producerVersion: producer.version,
      graph: this.toProto(),
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: MICROSOFT, version: 1 },
      ],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
  }

  #constant(
    type: DataType,
    value: number | readonly number[],
    dims: readonly number[] | undefined,
    data: ArrayBufferView,
  ): string {
    const shape = dims ?? (typeof value === 'number' ? [] : [value.length]);
    const key = `${type}:${shape.join('x')}:${String(value)}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.initializer(`${this.name}/constant_${this.#constants.size}`, type, shape, data);
    this.#constants.set(key, name);
    return name;
  }
}

function valueInfo(name: string, type: DataType, dims: readonly Dimension[]): ValueInfoProto {
  const dim = dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: type, shape: { dim } } } };
}

function encodeAttribute(name: string, value: Attribute): AttributeProto {
  if (value instanceof Graph) return { name, type: AttributeType.GRAPH, g: value.toProto() };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeType.INTS, ints: [...value] };
}
