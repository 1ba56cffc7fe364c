/** @jest-environment ./test/support/environment.js */
import { FineIntegerProducts, IntegerProducts, quantizeRows } from '../../../models/src/encoder/products.js';
import type { Matrix, WeightBits } from '../../../models/src/encoder/products.js';
import { Graph } from '../../../models/src/onnx/graph.js';
import { DataType } from '../../../models/src/onnx/proto.js';
import { tensor } from '../../../inference/src/runtime.js';
import { Random } from '../../../models/src/common/random.js';
import { open } from '../../support/onnx.js';

const INPUT = 64;
const OUT = 12;

const random = new Random(8);
const weight: Matrix = { data: random.array(OUT * INPUT, 0.1), out: OUT, input: INPUT };
// Rows of very different sizes, and one of zeros.
const sizes = [1e-3, 1e-2, 0, 1, 10];
const x = Float32Array.from(sizes.flatMap((size) => [...random.array(INPUT, size)]));

/** A number of x W^T with the weights as int8 keeps them and the activations as they are. */
function exact(
  row: number,
  out: number,
  { values: integers, scales }: ReturnType<typeof quantizeRows>,
): number {
  let sum = 0;
  for (let i = 0; i < INPUT; i++) sum += x[row * INPUT + i] * integers[out * INPUT + i] * scales[out];
  return sum;
}

/** Largest error of a product by row, as a share of the largest value in the row. */
async function errors(kind: typeof IntegerProducts, bits: WeightBits): Promise<number[]> {
  const g = new Graph('products');
  const products = new kind(g, { bits });
  const input = g.input('x', DataType.FLOAT, ['rows', INPUT]);
  const product = products.product(products.operand(input), 'weight', weight);
  g.output(g.ops('Identity', [product], ['y'])[0], DataType.FLOAT, ['rows', OUT]);
  const session = await open(g.toModel());
  const { y } = await session.run({ x: tensor('float32', x, [sizes.length, INPUT]) });
  await session.release();
  const found = y.data as Float32Array;
  const quantized = quantizeRows(weight, { bits });
  return sizes.map((_, row) => {
    const size = Math.max(...x.subarray(row * INPUT, (row + 1) * INPUT).map(Math.abs), 1e-20);
    return Math.max(
      ...Array.from(
        { length: OUT },
        (_, out) => Math.abs(found[row * OUT + out] - exact(row, out, quantized)) / size,
      ),
    );
  });
}

describe.each([7, 8] as const)('integer products with weights of %d bits', (bits) => {
  it('round activations to a step of their row', async () => {
    for (const error of await errors(IntegerProducts, bits)) expect(error).toBeLessThan(0.02);
  });

  it('lose next to nothing of activations of two bytes', async () => {
    const [one, two] = [await errors(IntegerProducts, bits), await errors(FineIntegerProducts, bits)];
    for (const [row, error] of two.entries()) {
      expect(error).toBeLessThan(1e-4);
      if (sizes[row] > 0) expect(error).toBeLessThan(one[row] / 20);
    }
  });
});
