import {
  DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  decodeModel,
  encodeModel,
} from '@sagemaker-reranker/models/build';

/** What a node of an ONNX file becomes. Initializers it needs go into `graph`, the file's outermost. */
type Rewrite = (node: NodeProto, tensors: ReadonlyMap<string, TensorProto>, graph: GraphProto) => NodeProto[];

/** The ONNX file with every node, those of subgraphs too, replaced by what `rewrite` makes of it. */
export function rewriteNodes(
  bytes: Uint8Array,
  rewrite: Rewrite,
  constants: readonly TensorProto[] = [],
): Uint8Array {
  const model = decodeModel(bytes);
  const { graph } = model;
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  graph.initializer.push(...constants);
  const convert = (part: GraphProto): void => {
    part.node = part.node.flatMap((node) => {
      for (const { g } of node.attribute) if (g) convert(g);
      return rewrite(node, tensors, graph);
    });
  };
  convert(graph);
  return encodeModel(model);
}

/** A one-dimensional int64 constant. */
export function int64(name: string, values: readonly number[]): TensorProto {
  const rawData = bytesOf(BigInt64Array.from(values, BigInt));
  return { name, dataType: DataType.INT64, dims: [values.length], rawData };
}

export function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
