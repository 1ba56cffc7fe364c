import { EPSILON } from '../jinabert/constants';
import type { JinaBertOptions } from '../jinabert/graph';
import { FloatProducts, IntegerProducts, quantizeRows, stack } from '../jinabert/products';
import type { Matrix, Operand, Products } from '../jinabert/products';
import type { WeightReader } from '../jinabert/weights';
import { Graph, MICROSOFT } from '../onnx/graph';
import { DataType } from '../onnx/proto';
import { bertLayerNames, bertNames as names } from './weights';
import type { BertArchitecture } from './weights';

export type BertOptions = Omit<JinaBertOptions, 'tokenTypes'>;

/**
 * An ONNX file of a BERT cross-encoder (arXiv 1810.04805; learned positions, exact GELU, post-norm).
 * Inputs `input_ids`, `attention_mask`, `token_type_ids`: int64 [batch, sequence], at most `positions` long.
 * Output `logits`: float32 [batch, 1].
 */
export function buildBert(a: BertArchitecture, read: WeightReader, options: BertOptions): Uint8Array {
  return new BertBuilder(a, read, options).build();
}

/**
 * Activations are float32 [batch x sequence, features] between layers. The scores of 512 tokens are small enough for
 * attention in one piece, so unlike JinaBERT's there are no blocks.
 */
class BertBuilder {
  private readonly g = new Graph('bert');
  private readonly products: Products;

  constructor(
    private readonly a: BertArchitecture,
    private readonly read: WeightReader,
    private readonly options: BertOptions,
  ) {
    this.products = options.precision === 'int8' ? new IntegerProducts(this.g) : new FloatProducts(this.g);
  }

  build(): Uint8Array {
    const { g, a } = this;
    const batchBySequence = ['batch', 'sequence'];
    const ids = g.input('input_ids', DataType.INT64, batchBySequence);
    const attentionMask = g.input('attention_mask', DataType.INT64, batchBySequence);
    const types = g.input('token_type_ids', DataType.INT64, batchBySequence);
    const mask = g.op('Cast', [attentionMask], { to: DataType.INT32 });
    const batch = g.op('Shape', [ids], { start: 0, end: 1 });
    let x = this.embed(ids, types);
    for (let i = 0; i < a.layers; i++) x = this.layer(i, x, batch, mask);
    g.output(this.head(x), DataType.FLOAT, ['batch', 1]);
    return g.toModel();
  }

  private embed(ids: string, types: string): string {
    const { g, a } = this;
    const table = (name: string, rows: number): string =>
      g.initializer(name, DataType.FLOAT, [rows, a.hidden], this.read(name));
    const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
    const range = g.op('Range', [g.int(0), length, g.int(1)]);
    const positions = g.op('Gather', [table(names.positions, a.positions), range]);
    const typed = g.op('Add', [this.words(ids), g.op('Gather', [table(names.types, 2), types])]);
    const sum = g.op('Add', [typed, positions]);
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

  private layer(i: number, x: string, batch: string, mask: string): string {
    const { hidden, intermediate, layers } = this.a;
    const n = bertLayerNames(i);
    // The head reads the first token alone, so the last layer computes no other row past keys and values.
    const rows = i === layers - 1 ? this.firstTokens(x, batch) : x;
    const context = this.attention(i, x, rows, batch, mask);
    const projection = this.matrix(`${n.attentionOutput}.weight`, hidden, hidden);
    const p = this.products;
    const attended = p.product(p.operand(context), `layer.${i}.attention_output`, projection);
    const y = this.addAndNorm(attended, n.attentionOutput, rows, n.attentionNorm);

    const inner = this.matrix(`${n.inner}.weight`, intermediate, hidden);
    const raised = this.biased(p.operand(y), `layer.${i}.inner`, [
      { ...inner, bias: this.read(`${n.inner}.bias`) },
    ]);
    const activated = this.g.op('Gelu', [raised], {}, MICROSOFT);
    const out = this.matrix(`${n.mlpOutput}.weight`, hidden, intermediate);
    const mixed = p.product(p.operand(activated), `layer.${i}.mlp_output`, out);
    return this.addAndNorm(mixed, n.mlpOutput, y, n.mlpNorm);
  }

  /** Attention of `rows`, all of `x` or its first tokens, over `x`. Result: [rows, hidden]. */
  private attention(i: number, x: string, rows: string, batch: string, mask: string): string {
    const { g, a } = this;
    const n = bertLayerNames(i);
    const [q, k, v] = [n.query, n.key, n.value].map((name) => ({
      ...this.matrix(`${name}.weight`, a.hidden, a.hidden),
      bias: this.read(`${name}.bias`),
    }));
    const operand = this.products.operand(x);
    const parts =
      rows === x
        ? g.ops('Split', [this.biased(operand, `layer.${i}.query_key_value`, [q, k, v])], 3, { axis: -1 })
        : [
            this.biased(this.products.operand(rows), `layer.${i}.query`, [q]),
            ...g.ops('Split', [this.biased(operand, `layer.${i}.key_value`, [k, v])], 2, { axis: -1 }),
          ];
    const dims = g.op('Concat', [batch, g.int([-1, a.hidden])], { axis: 0 });
    const context = g.op(
      'MultiHeadAttention',
      [...parts.map((part) => g.op('Reshape', [part, dims])), '', mask],
      // Far enough for a weight of exactly 0, so that padding changes nothing.
      { num_heads: a.heads, mask_filter_value: { float: -1e9 } },
      MICROSOFT,
    );
    return g.op('Reshape', [context, g.int([-1, a.hidden])]);
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
      const data = this.read(`${name}.weight`);
      const weight = g.initializer(`${name}.weight`, DataType.FLOAT, [out, a.hidden], data);
      return g.op('Gemm', [input, weight, this.vector(`${name}.bias`, out)], { transB: 1 });
    };
    const pooled = g.op('Tanh', [dense(x, names.pooler, a.hidden)]);
    return g.ops('Identity', [dense(pooled, names.classifier, 1)], ['logits'])[0];
  }

  private biased(x: Operand, name: string, parts: readonly (Matrix & { bias: Float32Array })[]): string {
    const bias = Float32Array.from(parts.flatMap((part) => [...part.bias]));
    const product = this.products.product(x, name, stack(parts));
    const added = this.g.initializer(`${name}.bias`, DataType.FLOAT, [bias.length], bias);
    return this.g.op('Add', [product, added]);
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
