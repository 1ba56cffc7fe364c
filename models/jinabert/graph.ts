import { Graph, MICROSOFT } from '../onnx/graph';
import { DataType } from '../onnx/proto';
import type { Architecture } from '../registry';
import { BLOCK, blockwiseAttention, firstTokenAttention } from './attention';
import type { AttentionInputs } from './attention';
import { EPSILON, FAR } from './constants';
import { FloatProducts, IntegerProducts, quantizeRows, stack } from './products';
import type { Matrix, Operand, Products } from './products';
import { alibiSlopes, layerNames, names } from './weights';
import type { WeightReader } from './weights';

export interface JinaBertOptions {
  readonly precision: 'fp32' | 'int8';
  /** Precision of the word embedding table. */
  readonly embeddings: 'fp32' | 'int8';
  /** Whether the graph takes `token_type_ids`; without them every token has type 0. */
  readonly tokenTypes: boolean;
}

/**
 * An ONNX file of a JinaBERT cross-encoder.
 * Inputs `input_ids`, `attention_mask` and, if wanted, `token_type_ids`: int64 [batch, sequence].
 * Output `logits`: float32 [batch, 1]. Structure: JinaBERT (arXiv 2310.19923) with symmetric ALiBi (arXiv 2108.12409).
 */
export function buildJinaBert(a: Architecture, read: WeightReader, options: JinaBertOptions): Uint8Array {
  return new JinaBertBuilder(a, read, options).build();
}

/** Activations are float32 [batch x sequence, features] throughout. */
class JinaBertBuilder {
  private readonly g = new Graph('jinabert');
  private readonly products: Products;
  private readonly sizes: { heads: number; width: number };

  constructor(
    private readonly a: Architecture,
    private readonly read: WeightReader,
    private readonly options: JinaBertOptions,
  ) {
    this.sizes = { heads: a.heads, width: a.hidden / a.heads };
    this.products = options.precision === 'int8' ? new IntegerProducts(this.g) : new FloatProducts(this.g);
  }

  build(): Uint8Array {
    const { g, a } = this;
    const batchBySequence = ['batch', 'sequence'];
    const ids = g.input('input_ids', DataType.INT64, batchBySequence);
    const mask = g.input('attention_mask', DataType.INT64, batchBySequence);
    const types = this.options.tokenTypes && g.input('token_type_ids', DataType.INT64, batchBySequence);

    const { inputs, pad } = this.blocks(ids, mask);
    let x = this.embed(pad(ids), types ? pad(types) : g.int(0));
    for (let i = 0; i < a.layers; i++) x = this.layer(i, x, inputs);
    g.output(this.head(x), DataType.FLOAT, ['batch', 1]);
    return g.toModel();
  }

  /**
   * Cuts the sequence into equal blocks of at most BLOCK rows. The few missing rows are padded once, here, rather than
   * in every layer.
   */
  private blocks(ids: string, mask: string): { inputs: AttentionInputs; pad: (x: string) => string } {
    const { g, a } = this;
    const one = g.int([1]);
    const ceilDiv = (n: string, d: string): string =>
      g.op('Div', [g.op('Sub', [g.op('Add', [n, d]), one]), d]);
    const concat = (...parts: string[]): string => g.op('Concat', parts, { axis: 0 });
    const length = g.op('Shape', [ids], { start: 1, end: 2 });
    const blocks = ceilDiv(length, g.int([BLOCK]));
    const rows = ceilDiv(length, blocks);
    const padded = g.op('Mul', [blocks, rows]);
    const pads = concat(g.int([0, 0, 0]), g.op('Sub', [padded, length]));
    const pad = (x: string): string => g.op('Pad', [x, pads]);

    const range = g.op('Range', [g.int(0), g.op('Squeeze', [padded]), g.int(1)]);
    const positions = g.op('Cast', [range], { to: DataType.FLOAT });
    const present = g.op('Cast', [pad(mask)], { to: DataType.BOOL });
    const keys = g.op('Where', [present, positions, g.float(FAR)]);
    const slopes = alibiSlopes(a.heads).map((slope) => -slope);
    const inputs = {
      batch: g.op('Shape', [ids], { start: 0, end: 1 }),
      blocks,
      rows,
      rowPositions: g.op('Reshape', [positions, concat(blocks, rows, one)]),
      keyPositions: g.op('Unsqueeze', [keys, g.int([1, 2])]),
      slopes: g.float(slopes, [a.heads, 1, 1]),
    };
    return { inputs, pad };
  }

  private embed(ids: string, types: string): string {
    const { g, a } = this;
    const typeTable = g.initializer(names.types, DataType.FLOAT, [2, a.hidden], this.read(names.types));
    const sum = g.op('Add', [this.words(ids), g.op('Gather', [typeTable, types])]);
    return this.norm(g.op('Reshape', [sum, g.int([-1, a.hidden])]), names.embeddingNorm);
  }

  private words(ids: string): string {
    const { g, a } = this;
    const table = this.matrix(names.words, a.vocabulary, a.hidden);
    const dims = [a.vocabulary, a.hidden];
    if (this.options.embeddings === 'fp32') {
      return g.op('Gather', [g.initializer(names.words, DataType.FLOAT, dims, table.data), ids]);
    }
    const { values, scales } = quantizeRows(table);
    const integers = g.op('Gather', [g.initializer(names.words, DataType.INT8, dims, values), ids]);
    const scale = g.initializer(`${names.words}.scale`, DataType.FLOAT, [a.vocabulary, 1], scales);
    return g.op('Mul', [g.op('Cast', [integers], { to: DataType.FLOAT }), g.op('Gather', [scale, ids])]);
  }

  private layer(i: number, x: string, inputs: AttentionInputs): string {
    // The head reads the first token alone, so the last layer computes no other row past keys and values.
    const last = i === this.a.layers - 1;
    const rows = last ? this.firstTokens(x, inputs.batch) : x;
    const context = last ? this.lastAttention(i, x, rows, inputs) : this.attention(i, x, inputs);
    const { hidden, intermediate } = this.a;
    const n = layerNames(i);
    const p = this.products;
    const projection = this.matrix(`${n.attentionOutput}.weight`, hidden, hidden);
    const attended = p.product(p.operand(context), `layer.${i}.attention_output`, projection);
    const y = this.addAndNorm(attended, n.attentionOutput, rows, n.attentionNorm);

    const gated = this.read(`${n.gated}.weight`);
    const half = intermediate * hidden;
    const gate = { data: gated.subarray(0, half), out: intermediate, input: hidden };
    const up = { data: gated.subarray(half), out: intermediate, input: hidden };
    const operand = p.operand(y);
    const activated = this.g.op('Gelu', [p.product(operand, `layer.${i}.gate`, gate)], {}, MICROSOFT);
    // The row scale of `up` waits for the next quantisation, which multiplies by one anyway.
    const product = this.g.op('Mul', [activated, p.raw(operand, `layer.${i}.up`, up)]);
    const out = this.matrix(`${n.mlpOutput}.weight`, hidden, intermediate);
    const mixed = p.product(p.operand(product, operand.rowScale), `layer.${i}.mlp_output`, out);
    return this.addAndNorm(mixed, n.mlpOutput, y, n.mlpNorm);
  }

  private attention(i: number, x: string, inputs: AttentionInputs): string {
    const [q, k, v] = this.projections(i);
    const merged = this.biased(this.products.operand(x), `layer.${i}.query_key_value`, [q, k, v]);
    const parts = this.g.ops('Split', [merged], 3, { axis: -1 });
    return blockwiseAttention(this.g, `layer.${i}`, parts, inputs, this.sizes);
  }

  private lastAttention(i: number, x: string, first: string, inputs: AttentionInputs): string {
    const [q, k, v] = this.projections(i);
    const merged = this.biased(this.products.operand(x), `layer.${i}.key_value`, [k, v]);
    const query = this.biased(this.products.operand(first), `layer.${i}.query`, [q]);
    const parts = this.g.ops('Split', [merged], 2, { axis: -1 });
    return firstTokenAttention(this.g, [query, ...parts], inputs, this.sizes);
  }

  /** [batch x sequence, hidden] to [batch, hidden]. */
  private firstTokens(x: string, batch: string): string {
    const { g } = this;
    const dims = g.op('Concat', [batch, g.int([-1, this.a.hidden])], { axis: 0 });
    return g.op('Gather', [g.op('Reshape', [x, dims]), g.int(0)], { axis: 1 });
  }

  private head(x: string): string {
    const { g, a } = this;
    const dense = (input: string, name: string, out: number): string => {
      const weight = g.initializer(
        `${name}.weight`,
        DataType.FLOAT,
        [out, a.hidden],
        this.read(`${name}.weight`),
      );
      return g.op('Gemm', [input, weight, this.vector(`${name}.bias`, out)], { transB: 1 });
    };
    const pooled = g.op('Tanh', [dense(x, names.pooler, a.hidden)]);
    return g.ops('Identity', [dense(pooled, names.classifier, 1)], ['logits'])[0];
  }

  /** Query, key and value weights with their biases; the query already divided by sqrt(width of a head). */
  private projections(i: number): (Matrix & { bias: Float32Array })[] {
    const { hidden } = this.a;
    const n = layerNames(i);
    return [n.query, n.key, n.value].map((name) => {
      const scale = name === n.query ? 1 / Math.sqrt(this.sizes.width) : 1;
      const { data } = this.matrix(`${name}.weight`, hidden, hidden);
      return {
        data: data.map((w) => w * scale),
        bias: this.read(`${name}.bias`).map((b) => b * scale),
        out: hidden,
        input: hidden,
      };
    });
  }

  private biased(x: Operand, name: string, parts: readonly (Matrix & { bias: Float32Array })[]): string {
    const bias = Float32Array.from(parts.flatMap((part) => [...part.bias]));
    const product = this.products.product(x, name, stack(parts));
    return this.g.op('Add', [
      product,
      this.g.initializer(`${name}.bias`, DataType.FLOAT, [bias.length], bias),
    ]);
  }

  private matrix(name: string, out: number, input: number): Matrix {
    return { data: this.read(name), out, input };
  }

  private vector(name: string, length: number): string {
    return this.g.initializer(name, DataType.FLOAT, [length], this.read(name));
  }

  private addAndNorm(x: string, dense: string, skip: string, norm: string): string {
    const biased = this.g.op('Add', [x, this.vector(`${dense}.bias`, this.a.hidden)]);
    return this.norm(this.g.op('Add', [biased, skip]), norm);
  }

  private norm(x: string, name: string): string {
    const weights = ['weight', 'bias'].map((part) => this.vector(`${name}.${part}`, this.a.hidden));
    return this.g.op('LayerNormalization', [x, ...weights], { axis: -1, epsilon: { float: EPSILON } });
  }
}
