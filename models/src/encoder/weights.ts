import type { Equalization } from './quantization.js';
import type { Matrix } from './products.js';
import type { LinearSpec, NormSpec, TableSpec } from './spec.js';

/** Gives the values of a weight by its published name, row-major; linear weights are [out, in]. */
export type WeightReader = (name: string) => Float32Array;

/** Published weights with what a graph folds into them. */
export class FoldedWeights {
  readonly read: WeightReader;

  constructor(read: WeightReader) {
    this.read = read;
  }

  /**
   * The weight of a linear layer whose input was equalized, its rows multiplied by `times` or divided by a number each.
   */
  matrix(
    spec: LinearSpec,
    change: {
      readonly equalized?: Pick<Equalization, 'scale'>;
      readonly times?: number;
      readonly divided?: Float32Array;
    } = {},
  ): Matrix {
    const { out, input } = spec;
    const { equalized, times = 1, divided } = change;
    const published = this.#rows(spec);
    if (equalized === undefined && times === 1 && divided === undefined)
      return { data: published, out, input };
    const data = new Float32Array(out * input);
    for (let o = 0; o < out; o += 1) {
      const factor = times / (divided?.[o] ?? 1);
      for (let i = 0; i < input; i += 1) {
        data[o * input + i] = published[o * input + i]! * factor * (equalized?.scale[i] ?? 1);
      }
    }
    return { data, out, input };
  }

  /** Its bias, with what the shift of its input adds; undefined where there is neither. */
  bias(spec: LinearSpec, equalized?: Pick<Equalization, 'shift'>): Float32Array | undefined {
    const { bias, out, input, part } = spec;
    const from = part?.from ?? 0;
    const own = bias === undefined ? undefined : this.read(bias).subarray(from, from + out);
    const shift = equalized?.shift;
    if (shift === undefined) return own;
    const data = this.#rows(spec);
    return Float32Array.from({ length: out }, (_, o) => {
      let sum = own?.[o] ?? 0;
      for (let i = 0; i < input; i += 1) sum += data[o * input + i]! * shift[i]!;
      return sum;
    });
  }

  /** A table, each row normalised. */
  normalized(
    { weight, rows }: TableSpec,
    norm: NormSpec | undefined,
    width: number,
    epsilon: number,
  ): Matrix {
    const table = { data: this.read(weight), out: rows, input: width };
    if (norm === undefined) return table;
    const gain = this.read(norm.weight);
    const bias = norm.bias === undefined ? new Float32Array(width) : this.read(norm.bias);
    const data = new Float32Array(rows * width);
    for (let row = 0; row < rows; row += 1) {
      const x = table.data.subarray(row * width, (row + 1) * width);
      const mean = x.reduce((sum, value) => sum + value, 0) / width;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
      const deviation = Math.sqrt(variance + epsilon);
      x.forEach((value, i) => (data[row * width + i] = ((value - mean) / deviation) * gain[i]! + bias[i]!));
    }
    return { ...table, data };
  }

  /** A linear layer applied to every row of a table: [rows, out]. */
  projected(table: Matrix, spec: LinearSpec): Float32Array {
    const { out, input } = spec;
    const data = this.#rows(spec);
    const bias = this.bias(spec);
    const result = new Float32Array(table.out * out);
    for (let row = 0; row < table.out; row += 1) {
      for (let o = 0; o < out; o += 1) {
        let sum = bias?.[o] ?? 0;
        for (let i = 0; i < input; i += 1) sum += table.data[row * input + i]! * data[o * input + i]!;
        result[row * out + o] = sum;
      }
    }
    return result;
  }

  #rows({ weight, out, input, part }: LinearSpec): Float32Array {
    const all = this.read(weight);
    return part === undefined ? all : all.subarray(part.from * input, (part.from + out) * input);
  }
}
