import { ModelError } from '../errors.js';
import { dimensions, readOnnx, tensorValues } from '../onnx/file.js';
import type { ModelProto, TensorProto } from '../onnx/proto.js';
import type { WeightSpec } from '../encoder/spec.js';
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
  readonly #found: ReadonlyMap<string, Found>;

  private constructor(
    readonly file: string,
    found: ReadonlyMap<string, Found>,
  ) {
    this.#found = found;
  }

  /**
   * `weights`: those wanted, in the order in which a forward pass reads them.
   * @throws ModelError `model_file_missing`, `model_invalid`; `weights_invalid` for a quantized export.
   */
  static async open(file: string, weights: ReadonlyMap<string, WeightSpec>): Promise<OnnxWeights> {
    const model = await readOnnx(file);
    refuseQuantized(model, file);
    const parts = collectParts(model.graph);
    const found = new Map<string, Found>();
    for (const name of weights.keys()) {
      const tensor = parts.initializers.get(name);
      if (tensor) found.set(name, { tensor, transposed: false });
    }
    const named = (kind: WeightSpec['kind']): string[] =>
      [...weights].filter(([, weight]) => weight.kind === kind).map(([name]) => name);
    findLinears(named('linear'), weights, parts, found);
    findNorms(named('norm'), weights, parts, found);
    findTables(named('table'), weights, parts, found);
    return new OnnxWeights(file, found);
  }

  get names(): string[] {
    return [...this.#found.keys()];
  }

  shape(name: string): readonly number[] | undefined {
    const found = this.#found.get(name);
    if (!found) return undefined;
    const dims = dimensions(found.tensor);
    return found.transposed ? dims.reverse() : dims;
  }

  read(name: string): Float32Array {
    const found = this.#found.get(name);
    if (!found) throw new ModelError('weights_invalid', `${this.file} holds no ${name}`, this.file);
    const values = tensorValues(found.tensor, this.file);
    if (!found.transposed) return values;
    const [input, out] = dimensions(found.tensor) as [number, number];
    const published = new Float32Array(values.length);
    for (let i = 0; i < input; i += 1) {
      for (let o = 0; o < out; o += 1) published[o * input + i] = values[i * out + o]!;
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

function findLinears(
  names: readonly string[],
  weights: ReadonlyMap<string, WeightSpec>,
  parts: GraphParts,
  found: Map<string, Found>,
): void {
  const wanted = names.map((name) => name.slice(0, -'.weight'.length));
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
    if (bias && weights.has(`${name}.bias`) && !found.has(`${name}.bias`))
      found.set(`${name}.bias`, { tensor: bias, transposed: false });
  });
}

function findNorms(
  wanted: readonly string[],
  weights: ReadonlyMap<string, WeightSpec>,
  { norms }: GraphParts,
  found: Map<string, Found>,
): void {
  if (norms.length !== wanted.length) return;
  wanted.forEach((name, i) => {
    const bias = name.replace(/weight$/, 'bias');
    const { scale, bias: shift } = norms[i]!;
    if (!found.has(name)) found.set(name, { tensor: scale, transposed: false });
    if (shift && weights.has(bias) && !found.has(bias)) found.set(bias, { tensor: shift, transposed: false });
  });
}

/** Embedding tables differ in their rows; a shape that two of them share names neither. */
function findTables(
  names: readonly string[],
  weights: ReadonlyMap<string, WeightSpec>,
  { tables }: GraphParts,
  found: Map<string, Found>,
): void {
  for (const name of names) {
    if (found.has(name)) continue;
    const { shape } = weights.get(name)!;
    const fitting = tables.filter((table) => dimensions(table).join() === shape.join());
    if (fitting.length === 1) found.set(name, { tensor: fitting[0]!, transposed: false });
  }
}
