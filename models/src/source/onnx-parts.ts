import { dimensions, toNumber } from '../onnx/file.js';
import type { GraphProto, NodeProto, TensorProto } from '../onnx/proto.js';

/** A product with a weight of the model, in the order of execution. */
interface LinearPart {
  readonly weight: TensorProto;
  /** The initializer is [in, out]. */
  readonly transposed: boolean;
  readonly bias?: TensorProto;
  /** Module path in the node's name: `/bert/encoder/layer.0/mlp/wo/MatMul` gives `bert.encoder.layer.0.mlp.wo`. */
  readonly scope: string;
}

interface NormPart {
  readonly scale: TensorProto;
  /** Absent of a norm without one. */
  readonly bias?: TensorProto;
}

/** What an encoder's graph is made of, as far as its weights tell. */
export interface GraphParts {
  readonly initializers: ReadonlyMap<string, TensorProto>;
  readonly linears: readonly LinearPart[];
  readonly norms: readonly NormPart[];
  readonly tables: readonly TensorProto[];
}

/** Collects products, norms and embedding tables of a graph with what each takes from the initializers. */
export function collectParts(graph: GraphProto): GraphParts {
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  /** Outputs that are an initializer transposed by a node of its own. */
  const turned = new Map<string, TensorProto>();
  const consumers = new Map<string, NodeProto[]>();
  for (const node of graph.node) {
    for (const input of node.input) consumers.set(input, [...(consumers.get(input) ?? []), node]);
    const constant = node.opType === 'Constant' && node.attribute.find(({ name }) => name === 'value')?.t;
    if (constant) initializers.set(node.output[0]!, constant);
    const source = initializers.get(node.input[0] ?? '');
    if (source && node.opType === 'Identity') initializers.set(node.output[0]!, source);
    if (source && node.opType === 'Transpose') turned.set(node.output[0]!, source);
  }
  const consumer = (output: string, opType: string): NodeProto | undefined =>
    consumers.get(output)?.find((node) => node.opType === opType);
  /** The one-dimensional initializer among a node's inputs. */
  const vector = (node: NodeProto | undefined): TensorProto | undefined =>
    node?.input
      .map((name) => initializers.get(name))
      .find((tensor) => tensor && dimensions(tensor).length === 1);

  const linears: LinearPart[] = [];
  const norms: NormPart[] = [];
  const tables: TensorProto[] = [];
  for (const node of graph.node) {
    const direct = initializers.get(node.input[1] ?? '');
    const weight = direct ?? turned.get(node.input[1] ?? '');
    const scope = node.name.split('/').filter(Boolean).slice(0, -1).join('.');
    if (node.opType === 'MatMul' && weight && dimensions(weight).length === 2) {
      const bias = vector(consumer(node.output[0]!, 'Add'));
      linears.push({ weight, transposed: direct !== undefined, bias, scope });
    } else if (node.opType === 'Gemm' && weight) {
      const transB = node.attribute.find(({ name }) => name === 'transB')?.i ?? 0;
      const bias = initializers.get(node.input[2] ?? '');
      linears.push({ weight, transposed: (toNumber(transB) === 0) === (direct !== undefined), bias, scope });
    } else if (node.opType === 'LayerNormalization') {
      const bias = initializers.get(node.input[2] ?? '');
      if (direct) norms.push({ scale: direct, bias });
    } else if (node.opType === 'Div') {
      // Before opset 17 a norm is written out: x - mean divided by the deviation, times scale, plus bias.
      const scaled = consumer(node.output[0]!, 'Mul');
      const scale = vector(scaled);
      const bias = scale && vector(consumer(scaled!.output[0]!, 'Add'));
      if (bias) norms.push({ scale, bias });
    } else if (node.opType === 'Gather') {
      const table = initializers.get(node.input[0]!);
      if (table && dimensions(table).length === 2) tables.push(table);
    }
  }
  return { initializers, linears, norms, tables };
}
