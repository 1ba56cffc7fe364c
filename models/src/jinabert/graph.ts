import { Encoder } from '../encoder/encoder.js';
import type { Attention, EncoderOptions } from '../encoder/encoder.js';
import type { Products } from '../encoder/products.js';
import type { WeightReader } from '../encoder/weights.js';
import { MICROSOFT } from '../onnx/graph.js';
import type { Architecture } from '../registry.js';
import { BlockwiseAttention } from './attention.js';
import { layerNames, names } from './weights.js';

export interface JinaBertOptions extends EncoderOptions {
  /** Whether the graph takes `token_type_ids`; without them every token has type 0. */
  readonly tokenTypes: boolean;
}

/**
 * An ONNX file of a JinaBERT cross-encoder: `Encoder` with symmetric ALiBi in place of positions (arXiv 2108.12409) and a
 * gated MLP (arXiv 2310.19923).
 */
export function buildJinaBert(a: Architecture, read: WeightReader, options: JinaBertOptions): Uint8Array {
  return new JinaBert('jinabert', a, read, options).build();
}

/** The builder; a benchmark puts another attention into it. */
export class JinaBert extends Encoder {
  protected readonly names = names;

  protected layerNames(i: number): ReturnType<typeof layerNames> {
    return layerNames(i);
  }

  protected attention(ids: string, mask: string, batch: string): Attention {
    return new BlockwiseAttention(this.g, this.a, ids, mask, batch);
  }

  protected mlp(i: number, y: string, p: Products): string {
    const { hidden, intermediate } = this.a;
    const n = this.layerNames(i);
    const gated = this.read(`${n.gated}.weight`);
    const half = intermediate * hidden;
    const gate = { data: gated.subarray(0, half), out: intermediate, input: hidden };
    const up = { data: gated.subarray(half), out: intermediate, input: hidden };
    const operand = p.operand(y);
    const activated = this.g.op('Gelu', [p.product(operand, `layer.${i}.gate`, gate)], {}, MICROSOFT);
    // The row scale of `up` waits for the next quantisation, which multiplies by one anyway.
    const product = this.g.op('Mul', [activated, p.raw(operand, `layer.${i}.up`, up)]);
    const out = this.matrix(`${n.mlpOutput}.weight`, hidden, intermediate);
    return p.product(p.operand(product, operand.rowScale), `layer.${i}.mlp_output`, out);
  }
}
