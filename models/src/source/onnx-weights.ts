import { ModelError } from '../errors.js';
import { dimensions, readOnnx, tensorValues } from '../onnx/file.js';
import type { ModelProto, TensorProto } from '../onnx/proto.js';
import { collectParts } from './onnx-parts.js';
import type { GraphParts } from './onnx-parts.js';
import type { WeightSource } from './weight-source.js';

interface Found {
  readonly tensor: TensorProto;
  /** The initializer is [in, out], as MatMul reads it. */
  readonly transposed: boolean;
}

const QUANTIZED = [
  'MatMulInteger',
  'DynamicQuantizeLinear',
  'QLinearMatMul',
  'MatMulNBits',
  'DequantizeLinear',
];

/**
 * The weights of an exported fp32 ONNX file under their published names. Exporters fold the transposition of a linear
 * weight and rename the result (`onnx::MatMul_123`), so a weight without its name is found by the graph: by the name of
 * the bias added to its product, by the module path in its node's name, or by its place in the order of execution.
 */
export class OnnxWeights implements WeightSource {
  private constructor(
    readonly file: string,
    private readonly found: ReadonlyMap<string, Found>,
  ) {}

  /**
   * `shapes`: the weights wanted, in the order in which a forward pass reads them.
   * @throws ModelError `model_file_missing`, `model_invalid`; `weights_invalid` for a quantized export.
   */
  static async open(file: string, shapes: ReadonlyMap<string, readonly number[]>): Promise<OnnxWeights> {
    const model = await readOnnx(file);
    refuseQuantized(model, file);
    const parts = collectParts(model.graph);
    const found = new Map<string, Found>();
    for (const name of shapes.keys()) {
      const tensor = parts.initializers.get(name);
      if (tensor) found.set(name, { tensor, transposed: false });
    }
    findLinears([...shapes.keys()], parts, found);
    findNorms([...shapes.keys()], parts, found);
    findTables(shapes, parts, found);
    return new OnnxWeights(file, found);
  }

  get names(): string[] {
    return [...this.found.keys()];
  }

  shape(name: string): readonly number[] | undefined {
    const found = this.found.get(name);
    if (!found) return undefined;
    const dims = dimensions(found.tensor);
    return found.transposed ? dims.reverse() : dims;
  }

  read(name: string): Float32Array {
    const found = this.found.get(name);
    if (!found) throw new ModelError('weights_invalid', `${this.file} holds no ${name}`, this.file);
    const values = tensorValues(found.tensor, this.file);
    if (!found.transposed) return values;
    const [input, out] = dimensions(found.tensor);
    const published = new Float32Array(values.length);
    for (let i = 0; i < input; i++) {
      for (let o = 0; o < out; o++) published[o * input + i] = values[i * out + o];
    }
    return published;
  }

  close(): void {
    // The file is read whole when it is opened.
  }
}

function refuseQuantized({ graph }: ModelProto, file: string): void {
  const node = graph.node.find(({ opType }) => QUANTIZED.includes(opType));
  if (!node) return;
  const message = `${file} is quantized (${node.opType}); build from the fp32 export or from model.safetensors`;
  throw new ModelError('weights_invalid', message, file);
}

function findLinears(names: readonly string[], parts: GraphParts, found: Map<string, Found>): void {
  const wanted = names
    .filter((name) => name.endsWith('.weight') && !/embeddings?\.weight$|norm\.weight$/i.test(name))
    .map((name) => name.slice(0, -'.weight'.length));
  const { linears } = parts;
  const inOrder = linears.length === wanted.length;
  wanted.forEach((name, i) => {
    const linear =
      linears.find(({ bias }) => bias?.name === `${name}.bias`) ??
      linears.find(({ scope }) => scope === name) ??
      (inOrder ? linears[i] : undefined);
    if (!linear) return;
    const { weight, transposed, bias } = linear;
    if (!found.has(`${name}.weight`)) found.set(`${name}.weight`, { tensor: weight, transposed });
    if (bias && names.includes(`${name}.bias`) && !found.has(`${name}.bias`))
      found.set(`${name}.bias`, { tensor: bias, transposed: false });
  });
}

function findNorms(names: readonly string[], { norms }: GraphParts, found: Map<string, Found>): void {
  const wanted = names.filter((name) => /norm\.weight$/i.test(name));
  if (norms.length !== wanted.length) return;
  wanted.forEach((name, i) => {
    const bias = name.replace(/weight$/, 'bias');
    if (!found.has(name)) found.set(name, { tensor: norms[i].scale, transposed: false });
    if (!found.has(bias)) found.set(bias, { tensor: norms[i].bias, transposed: false });
  });
}

/** Embedding tables differ in their rows; a shape that two of them share names neither. */
function findTables(
  shapes: ReadonlyMap<string, readonly number[]>,
  { tables }: GraphParts,
  found: Map<string, Found>,
): void {
  for (const [name, shape] of shapes) {
    if (found.has(name) || !/embeddings?\.weight$/.test(name)) continue;
    const fitting = tables.filter((table) => dimensions(table).join() === shape.join());
    if (fitting.length === 1) found.set(name, { tensor: fitting[0], transposed: false });
  }
}
