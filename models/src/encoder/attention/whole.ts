import type { Graph } from '../../onnx/graph.js';
import { DataType } from '../../onnx/proto.js';
import { type Attention, type AttentionInputs, attend, byPair } from './attention.js';

/** Attention in one piece: the scores of 512 tokens are small enough. */
export class WholeAttention implements Attention {
  readonly keyBias = false;
  readonly #g: Graph;
  readonly #inputs: AttentionInputs;
  readonly #present: string;

  constructor(g: Graph, inputs: AttentionInputs) {
    this.#g = g;
    this.#inputs = inputs;
    this.#present = g.op('Cast', [inputs.mask], { to: DataType.INT32 });
  }

  pad(x: string): string {
    return x;
  }

  all(layer: number, q: string, k: string, v: string): string {
    return this.first(layer, q, k, v);
  }

  first(_layer: number, q: string, k: string, v: string): string {
    const g = this.#g;
    const pairs = [q, k, v].map((x) => byPair(g, x, this.#inputs)) as [string, string, string];
    const context = attend(g, this.#inputs.heads, pairs, this.#present);
    return g.op('Reshape', [context, g.int([-1, this.#inputs.hidden])]);
  }
}
