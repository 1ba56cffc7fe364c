import {
  AttributeType,
  DataType,
  type NodeProto,
  type TensorProto,
  dimensions,
} from '@sagemaker-reranker/models/build';
import { bytesOf, int64, rewriteNodes } from './rewrite.js';

/** What the sum of two neighbouring products is kept in. */
const SIXTEEN_BITS = [-(2 ** 15), 2 ** 15 - 1] as const;

/**
 * An int8 ONNX file of this project as an x86 processor without VNNI computes it: each sum of two neighbouring u8 x s8
 * products saturates at 16 bits before it is added up (vpmaddubsw, Intel 64 and IA-32 Architectures Software Developer's
 * Manual, volume 2). Written in float32, which is exact here; it takes many times the memory and time.
 */
export function saturatingTwin(bytes: Uint8Array): Uint8Array {
  return rewriteNodes(
    bytes,
    (node, tensors, graph) => {
      if (node.opType !== 'MatMulIntegerToFloat') return [node];
      const { dims, pairs, corrections } = pairedWeight(node, tensors.get(node.input[1]!)!);
      graph.initializer.push(dims, pairs, corrections);
      return saturatingProduct(node, dims.name, pairs.name, corrections.name);
    },
    [
      int64('first', [0]),
      ...SIXTEEN_BITS.map((bound, i) => ({
        name: `bound_${i}`,
        dataType: DataType.FLOAT,
        dims: [],
        rawData: bytesOf(Float32Array.of(bound)),
      })),
    ],
  );
}

/** The weight [K, N] as float [K / 2, 2, N], and what the zero point of 128 adds to each column. */
function pairedWeight(
  { name }: NodeProto,
  weight: TensorProto,
): Record<'dims' | 'pairs' | 'corrections', TensorProto> {
  const [rows, columns] = dimensions(weight) as [number, number];
  const values = Float32Array.from(weight.rawData!, (byte) => (byte << 24) >> 24);
  const sums = new Float32Array(columns);
  values.forEach((value, i) => (sums[i % columns]! += 128 * value));
  const float = (label: string, shape: number[], data: Float32Array): TensorProto => ({
    name: `${name}/${label}`,
    dataType: DataType.FLOAT,
    dims: shape,
    rawData: bytesOf(data),
  });
  return {
    dims: int64(`${name}/dims`, [-1, rows / 2, 2]),
    pairs: float('pairs', [rows / 2, 2, columns], values),
    corrections: float('corrections', [columns], sums),
  };
}

function saturatingProduct(
  { name, input, output }: NodeProto,
  dims: string,
  pairs: string,
  corrections: string,
): NodeProto[] {
  const node = (
    opType: string,
    inputs: string[],
    outputs = [`${name}/${opType}`],
    attribute: NodeProto['attribute'] = [],
  ): NodeProto => ({
    opType,
    domain: '',
    name: `${name}/${opType}`,
    input: inputs,
    output: outputs,
    attribute,
  });
  const at = (opType: string): string => `${name}/${opType}`;
  return [
    node('Cast', [input[0]!], undefined, [{ name: 'to', type: AttributeType.INT, i: DataType.FLOAT }]),
    node('Reshape', [at('Cast'), dims]),
    node('Transpose', [at('Reshape')], undefined, [
      { name: 'perm', type: AttributeType.INTS, ints: [1, 0, 2] },
    ]),
    node('MatMul', [at('Transpose'), pairs]),
    node('Clip', [at('MatMul'), 'bound_0', 'bound_1']),
    node('ReduceSum', [at('Clip'), 'first'], undefined, [
      { name: 'keepdims', type: AttributeType.INT, i: 0 },
    ]),
    node('Sub', [at('ReduceSum'), corrections]),
    // In the kernel's order: a rounding elsewhere may make the next activation another step.
    node('Mul', [input[2]!, input[3]!], [at('Scale')]),
    { ...node('Mul', [at('Sub'), at('Scale')], output), name: at('Scaled') },
  ];
}
