import type { Architecture } from '@sagemaker-reranker/models';
import {
  type Attention,
  type AttentionInputs,
  DataType,
  type Graph,
  type WeightReader,
  alibiSlopes,
  encoderGraph,
  productsByActivation,
  specOf,
} from '@sagemaker-reranker/models/build';

/**
 * The fp32 graph of these weights with attention as exporters write it: the ALiBi bias and the scores as [heads, S, S],
 * and the batch in one piece with its padding and every row of the last layer. All else is as in this project's graph.
 */
export function plainJinaBert(a: Architecture, read: WeightReader): Uint8Array {
  return encoderGraph(specOf(a), read, {
    tokenTypes: false,
    embeddings: 'fp32',
    products: productsByActivation('fp32'),
    attention: (g, inputs) => new PlainAttention(g, inputs),
  }).toModel();
}

class PlainAttention implements Attention {
  readonly keyBias = false;
  readonly #g: Graph;
  readonly #inputs: AttentionInputs;
  /** float32 [batch, heads, S, S]. */
  readonly #bias: string;

  constructor(g: Graph, inputs: AttentionInputs) {
    this.#g = g;
    this.#inputs = inputs;
    const { ids, mask, heads } = inputs;
    const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
    const range = g.op('Range', [g.int(0), length, g.int(1)]);
    const at = g.op('Cast', [range], { to: DataType.FLOAT });
    const distance = g.op('Abs', [g.op('Sub', [g.op('Unsqueeze', [at, g.int([1])]), at])]);
    const slopes = alibiSlopes(heads).map((slope) => -slope);
    const alibi = g.op('Mul', [distance, g.float(slopes, [heads, 1, 1])]);
    const absent = g.op('Sub', [g.float(1), g.op('Cast', [mask], { to: DataType.FLOAT })]);
    const masked = g.op('Mul', [g.op('Unsqueeze', [absent, g.int([1, 2])]), g.float(-1e9)]);
    this.#bias = g.op('Add', [alibi, masked]);
  }

  pad(x: string): string {
    return x;
  }

  first(): never {
    throw new Error('the plain graph computes all rows');
  }

  all(_layer: number, q: string, k: string, v: string): string {
    const g = this.#g;
    const { heads, hidden, batch } = this.#inputs;
    const dims = g.op('Concat', [batch, g.int([-1, heads, hidden / heads])], { axis: 0 });
    const perHead = (x: string, perm: number[]): string =>
      g.op('Transpose', [g.op('Reshape', [x, dims])], { perm });
    const scores = g.op('MatMul', [perHead(q, [0, 2, 1, 3]), perHead(k, [0, 2, 3, 1])]);
    const weights = g.op('Softmax', [g.op('Add', [scores, this.#bias])], { axis: -1 });
    const context = g.op('MatMul', [weights, perHead(v, [0, 2, 1, 3])]);
    return g.op('Reshape', [g.op('Transpose', [context], { perm: [0, 2, 1, 3] }), g.int([-1, hidden])]);
  }
}
