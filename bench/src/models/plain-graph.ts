import type { Architecture } from '@sagemaker-reranker/models';
import {
  type Attention,
  DataType,
  type Graph,
  JinaBert,
  type WeightReader,
  alibiSlopes,
} from '@sagemaker-reranker/models/build';

/**
 * The fp32 graph of these weights with attention as exporters write it: the ALiBi bias and the scores as [heads, S, S],
 * and every row of the last layer computed. All else is as in this project's graph.
 */
export function plainJinaBert(a: Architecture, read: WeightReader): Uint8Array {
  const options = { precision: 'fp32', embeddings: 'fp32', tokenTypes: false } as const;
  return new PlainJinaBert('plain', a, read, options).build();
}

class PlainJinaBert extends JinaBert {
  protected override readonly skipsRows = false;

  protected override attention(ids: string, mask: string, batch: string): Attention {
    return new PlainAttention(this.g, this.a, ids, mask, batch);
  }
}

class PlainAttention implements Attention {
  /** float32 [batch, heads, S, S]. */
  private readonly bias: string;

  constructor(
    private readonly g: Graph,
    private readonly a: Architecture,
    ids: string,
    mask: string,
    private readonly batch: string,
  ) {
    const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
    const range = g.op('Range', [g.int(0), length, g.int(1)]);
    const at = g.op('Cast', [range], { to: DataType.FLOAT });
    const distance = g.op('Abs', [g.op('Sub', [g.op('Unsqueeze', [at, g.int([1])]), at])]);
    const slopes = alibiSlopes(a.heads).map((slope) => -slope);
    const alibi = g.op('Mul', [distance, g.float(slopes, [a.heads, 1, 1])]);
    const absent = g.op('Sub', [g.float(1), g.op('Cast', [mask], { to: DataType.FLOAT })]);
    const masked = g.op('Mul', [g.op('Unsqueeze', [absent, g.int([1, 2])]), g.float(-1e9)]);
    this.bias = g.op('Add', [alibi, masked]);
  }

  pad(x: string): string {
    return x;
  }

  first(): never {
    throw new Error('the plain graph computes all rows');
  }

  all(_name: string, q: string, k: string, v: string): string {
    const { g } = this;
    const { heads, hidden } = this.a;
    const dims = g.op('Concat', [this.batch, g.int([-1, heads, hidden / heads])], { axis: 0 });
    const perHead = (x: string, perm: number[]): string =>
      g.op('Transpose', [g.op('Reshape', [x, dims])], { perm });
    const scores = g.op('MatMul', [perHead(q, [0, 2, 1, 3]), perHead(k, [0, 2, 3, 1])]);
    const weights = g.op('Softmax', [g.op('Add', [scores, this.bias])], { axis: -1 });
    const context = g.op('MatMul', [weights, perHead(v, [0, 2, 1, 3])]);
    return g.op('Reshape', [g.op('Transpose', [context], { perm: [0, 2, 1, 3] }), g.int([-1, hidden])]);
  }
}
