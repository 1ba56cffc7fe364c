import { Encoder } from '../encoder/encoder.js';
import type { Attention, EncoderOptions } from '../encoder/encoder.js';
import type { Products } from '../encoder/products.js';
import type { WeightReader } from '../encoder/weights.js';
import type { Graph } from '../onnx/graph.js';
import { MICROSOFT } from '../onnx/graph.js';
import { DataType } from '../onnx/proto.js';
import { bertLayerNames, bertNames } from './weights.js';
import type { BertArchitecture } from './weights.js';

/**
 * An ONNX file of a BERT cross-encoder (arXiv 1810.04805): `Encoder` with learned positions and an MLP with exact GELU. It
 * takes `token_type_ids`, and pairs of at most `positions` tokens.
 */
export function buildBert(a: BertArchitecture, read: WeightReader, options: EncoderOptions): Uint8Array {
  return new Bert('bert', a, read, { ...options, tokenTypes: true }).build();
}

class Bert extends Encoder<BertArchitecture> {
  protected readonly names = bertNames;

  protected layerNames(i: number): ReturnType<typeof bertLayerNames> {
    return bertLayerNames(i);
  }

  protected override positions(ids: string): string {
    const { g } = this;
    const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
    const range = g.op('Range', [g.int(0), length, g.int(1)]);
    return g.op('Gather', [this.table(bertNames.positions, this.a.positions), range]);
  }

  protected attention(_ids: string, mask: string, batch: string): Attention {
    return new WholeAttention(this.g, this.a, mask, batch);
  }

  protected mlp(i: number, y: string, p: Products): string {
    const { hidden, intermediate } = this.a;
    const n = this.layerNames(i);
    const inner = this.matrix(`${n.inner}.weight`, intermediate, hidden);
    const raised = p.product(p.operand(y), `layer.${i}.inner`, inner);
    const biased = this.biased(raised, `${n.inner}.bias`, this.read(`${n.inner}.bias`));
    const activated = this.g.op('Gelu', [biased], {}, MICROSOFT);
    const out = this.matrix(`${n.mlpOutput}.weight`, hidden, intermediate);
    return p.product(p.operand(activated), `layer.${i}.mlp_output`, out);
  }
}

/** Attention in one piece: the scores of 512 tokens are small enough. */
class WholeAttention implements Attention {
  private readonly present: string;

  constructor(
    private readonly g: Graph,
    private readonly a: BertArchitecture,
    mask: string,
    private readonly batch: string,
  ) {
    this.present = g.op('Cast', [mask], { to: DataType.INT32 });
  }

  pad(x: string): string {
    return x;
  }

  all(_name: string, q: string, k: string, v: string): string {
    return this.first(q, k, v);
  }

  first(q: string, k: string, v: string): string {
    const { g, a } = this;
    const dims = g.op('Concat', [this.batch, g.int([-1, a.hidden])], { axis: 0 });
    const context = g.op(
      'MultiHeadAttention',
      [...[q, k, v].map((part) => g.op('Reshape', [part, dims])), '', this.present],
      // Far enough for a weight of exactly 0, so that padding changes nothing.
      { num_heads: a.heads, scale: { float: 1 }, mask_filter_value: { float: -1e9 } },
      MICROSOFT,
    );
    return g.op('Reshape', [context, g.int([-1, a.hidden])]);
  }
}
