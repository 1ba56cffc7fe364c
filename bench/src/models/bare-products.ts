import { type Architecture, Random } from '@sagemaker-reranker/models';
import { DataType, Graph } from '@sagemaker-reranker/models/build';

/**
 * The integer products of an int8 JinaBERT and nothing else: MatMulInteger of uint8 activations by int8 weights, each weight
 * of its own, in the shapes and the number of this project's graph (in the last layer keys and values for all rows, the
 * rest for the first rows alone). Inputs, uint8: `hidden` [rows, hidden], `inner` [rows, intermediate], and `first_hidden`
 * and `first_inner` with a row a pair. The output, the shapes of all products, keeps them from being optimized away.
 */
export function bareProducts(a: Architecture, seed: number): Uint8Array {
  const g = new Graph('bare_products');
  const random = new Random(seed);
  const zero = g.byte(128);
  const input = (name: string, features: number, rows: string): string =>
    g.input(name, DataType.UINT8, [rows, features]);
  const all = { hidden: input('hidden', a.hidden, 'rows'), inner: input('inner', a.intermediate, 'rows') };
  const first = {
    hidden: input('first_hidden', a.hidden, 'pairs'),
    inner: input('first_inner', a.intermediate, 'pairs'),
  };
  const shapes: string[] = [];
  const product = (x: string, columns: number, features: number): void => {
    const data = Int8Array.from({ length: columns * features }, () => random.below(255) - 127);
    const weight = g.initializer(`weight_${shapes.length}`, DataType.INT8, [columns, features], data);
    shapes.push(g.op('Shape', [g.op('MatMulInteger', [x, weight, zero])]));
  };
  for (let i = 0; i < a.layers; i++) {
    const rows = i === a.layers - 1 ? first : all;
    product(rows.hidden, a.hidden, a.hidden); // query
    product(all.hidden, a.hidden, a.hidden); // key
    product(all.hidden, a.hidden, a.hidden); // value
    product(rows.hidden, a.hidden, a.hidden); // attention output
    product(rows.hidden, a.hidden, a.intermediate); // gate
    product(rows.hidden, a.hidden, a.intermediate); // up
    product(rows.inner, a.intermediate, a.hidden); // MLP output
  }
  g.output(g.ops('Concat', shapes, ['shapes'], { axis: 0 })[0]!, DataType.INT64, ['numbers']);
  return g.toModel();
}
