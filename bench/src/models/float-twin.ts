import {
  DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  dimensions,
} from '@sagemaker-reranker/models/build';
import { bytesOf, int64, rewriteNodes } from './rewrite.js';

/**
 * An int8 ONNX file of this project with its activations left in float32: every integer product becomes a float product
 * with the weights' dequantized values. The two differ by the rounding of activations alone.
 */
export function floatTwin(bytes: Uint8Array): Uint8Array {
  const column = 'column';
  return rewriteNodes(
    bytes,
    (node, tensors, graph) => {
      if (node.opType === 'QuantizeLinear') return scaled(node, column, 'Div');
      if (node.opType === 'DequantizeLinear') return scaled(node, column, 'Mul');
      if (node.opType === 'MatMulIntegerToFloat') return [floatProduct(node, tensors, graph)];
      return [node];
    },
    [int64(column, [-1, 1])],
  );
}

/** x / scale, not rounded, or x * scale; a scale of one number or of one a row. */
function scaled({ input, output, name }: NodeProto, column: string, opType: 'Div' | 'Mul'): NodeProto[] {
  const steps = `${name}/steps`;
  return [
    {
      opType: 'Reshape',
      domain: '',
      name: steps,
      input: [input[1]!, column],
      output: [steps],
      attribute: [],
    },
    { opType, domain: '', name, input: [input[0]!, steps], output, attribute: [] },
  ];
}

function floats({ rawData }: TensorProto): Float32Array {
  return new Float32Array(Uint8Array.from(rawData!).buffer);
}

function floatProduct(
  node: NodeProto,
  tensors: ReadonlyMap<string, TensorProto>,
  graph: GraphProto,
): NodeProto {
  const [x, weightName, rowScaleName, scaleName] = node.input as [string, string, string, string];
  // Weights of two products, as those of fine activations are, differ by this.
  const [rowScale] = floats(tensors.get(rowScaleName)!);
  const weight = tensors.get(weightName)!;
  const integers = Int8Array.from(weight.rawData!, (byte) => (byte << 24) >> 24);
  const scales = floats(tensors.get(scaleName)!);
  const data = Float32Array.from(integers, (q, i) => q * scales[i % scales.length]! * rowScale!);
  const name = `${node.name}.float`;
  graph.initializer.push({
    name,
    dataType: DataType.FLOAT,
    dims: dimensions(weight),
    rawData: bytesOf(data),
  });
  return { ...node, opType: 'MatMul', domain: '', input: [x, name], attribute: [] };
}
