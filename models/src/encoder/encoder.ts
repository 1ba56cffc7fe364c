import { Graph } from '../onnx/graph.js';
import { DataType } from '../onnx/proto.js';
import type { Architecture } from '../registry.js';
import { FineIntegerProducts, FloatProducts, IntegerProducts, quantizeRows } from './products.js';
import type { Matrix, Operand, Products, WeightBits } from './products.js';
import type { EncoderNames, LayerNames, WeightReader } from './weights.js';

/** LayerNorm epsilon of every published JinaBERT and BERT. */
export const EPSILON = 1e-12;

/** Rows, pairs times tokens, that are worked on at once; a single pair may have more. */
const CHUNK_ROWS = 512;

export interface EncoderOptions {
  readonly precision: 'fp32' | 'int8';
  /** Precision of the word embedding table. */
  readonly embeddings: 'fp32' | 'int8';
  /** int8 only. Default: 8. */
  readonly weightBits?: WeightBits;
}

/** How an encoder's tokens attend to each other. Activations are float32 [batch x sequence, hidden]. */
export interface Attention {
  /** int64 [batch, sequence] with as many columns as the attention wants. */
  pad(x: string): string;
  /** Attention of all rows. `q` is divided by sqrt(width of a head) already. Result: [batch x sequence, hidden]. */
  all(name: string, q: string, k: string, v: string): string;
  /** Attention of the first token alone: q and result are [batch, hidden]. */
  first(q: string, k: string, v: string): string;
}

/**
 * What the graphs of post-norm encoders with a cross-encoder's head share (BERT: arXiv 1810.04805).
 * Inputs `input_ids`, `attention_mask` and, if wanted, `token_type_ids`: int64 [batch, sequence].
 * Output `logits`: float32 [batch, 1].
 */
export abstract class Encoder<A extends Architecture = Architecture> {
  /** The file's graph: inputs, weights and the walk over the batch; `g` is what is done to each chunk of it. */
  private readonly outer: Graph;
  protected readonly g: Graph;
  private readonly products: Products;
  /** For the rows that the head reads: those of the last layer, where it computes no others. */
  private readonly lastProducts: Products;
  protected abstract readonly names: EncoderNames;
  /** The head reads the first token alone, so the last layer need compute no other row past keys and values. */
  protected readonly skipsRows: boolean = true;

  constructor(
    name: string,
    protected readonly a: A,
    protected readonly read: WeightReader,
    private readonly options: EncoderOptions & { readonly tokenTypes: boolean },
  ) {
    this.outer = new Graph(name);
    this.g = new Graph(`${name}/pairs`, this.outer);
    const bits = options.weightBits ?? 8;
    const integer = options.precision === 'int8';
    this.products = integer ? new IntegerProducts(this.g, bits) : new FloatProducts(this.g);
    this.lastProducts = integer ? new FineIntegerProducts(this.g, bits) : this.products;
  }

  /** The whole ONNX file. */
  build(): Uint8Array {
    const { g, outer } = this;
    const dims = ['pairs', 'sequence'];
    const names = ['input_ids', 'attention_mask', ...(this.options.tokenTypes ? ['token_type_ids'] : [])];
    const whole = names.map((name) => outer.input(name, DataType.INT64, ['batch', 'sequence']));
    const [ids, mask, types] = names.map((name) => g.input(`pairs/${name}`, DataType.INT64, dims));
    g.output(this.score(ids, mask, types), DataType.FLOAT, ['pairs', 1]);
    outer.output(this.inChunks(whole, 'logits'), DataType.FLOAT, ['batch', 1]);
    return outer.toModel();
  }

  /**
   * Runs the encoder over the batch a few pairs at a time: activations of CHUNK_ROWS rows stay in the processor's cache,
   * where those of a large batch travel to memory and back at every operator. Padded pairs make the chunks equal.
   */
  private inChunks(inputs: readonly string[], logits: string): string {
    const { outer: g } = this;
    const one = g.int([1]);
    const ceilDiv = (n: string, d: string): string =>
      g.op('Div', [g.op('Sub', [g.op('Add', [n, d]), one]), d]);
    const batch = g.op('Shape', [inputs[0]], { start: 0, end: 1 });
    const sequence = g.op('Shape', [inputs[0]], { start: 1, end: 2 });
    const most = g.op('Max', [g.op('Div', [g.int([CHUNK_ROWS]), sequence]), one]);
    const chunks = ceilDiv(batch, most);
    const pairs = ceilDiv(batch, chunks);
    const missing = g.op('Sub', [g.op('Mul', [chunks, pairs]), batch]);
    const pads = g.op('Concat', [g.int([0, 0]), missing, g.int([0])], { axis: 0 });
    const dims = g.op('Concat', [chunks, pairs, sequence], { axis: 0 });
    const cut = inputs.map((x) => g.op('Reshape', [g.op('Pad', [x, pads]), dims]));
    const scores = g.op('Scan', cut, { body: this.g, num_scan_inputs: cut.length });
    const column = g.op('Reshape', [scores, g.int([-1, 1])]);
    return g.ops('Slice', [column, g.int([0]), batch], [logits])[0];
  }

  /** Logits of some pairs: int64 [pairs, sequence] to float32 [pairs, 1]. */
  private score(ids: string, mask: string, types: string | undefined): string {
    const { g, a } = this;
    const batch = g.op('Shape', [ids], { start: 0, end: 1 });
    const attention = this.attention(ids, mask, batch);
    let x = this.embed(attention.pad(ids), types ? attention.pad(types) : g.int(0));
    for (let i = 0; i < a.layers; i++) x = this.layer(i, x, batch, attention);
    return this.head(this.skipsRows ? x : this.firstTokens(x, batch));
  }

  protected abstract layerNames(i: number): LayerNames;
  protected abstract attention(ids: string, mask: string, batch: string): Attention;
  /** Feed-forward part of a layer, without bias and norm: float32 [rows, hidden] to the same. */
  protected abstract mlp(i: number, y: string, p: Products): string;
  /** What is added to the embeddings of words and types: float32 [.., hidden]; nothing by default. */
  protected positions?(ids: string): string;

  private embed(ids: string, types: string): string {
    const { g, names, a } = this;
    const typed = g.op('Add', [this.words(ids), g.op('Gather', [this.table(names.types, 2), types])]);
    const positions = this.positions?.(ids);
    const sum = positions ? g.op('Add', [typed, positions]) : typed;
    return this.norm(g.op('Reshape', [sum, g.int([-1, a.hidden])]), names.embeddingNorm);
  }

  private words(ids: string): string {
    const { g, a } = this;
    const name = this.names.words;
    if (this.options.embeddings === 'fp32') return g.op('Gather', [this.table(name, a.vocabulary), ids]);
    const { values, scales } = quantizeRows(this.matrix(name, a.vocabulary, a.hidden));
    const table = g.initializer(name, DataType.INT8, [a.vocabulary, a.hidden], values);
    const scale = g.initializer(`${name}.scale`, DataType.FLOAT, [a.vocabulary, 1], scales);
    const integers = g.op('Cast', [g.op('Gather', [table, ids])], { to: DataType.FLOAT });
    return g.op('Mul', [integers, g.op('Gather', [scale, ids])]);
  }

  private layer(i: number, x: string, batch: string, attention: Attention): string {
    const { hidden, layers } = this.a;
    const n = this.layerNames(i);
    const p = this.products;
    const last = this.skipsRows && i === layers - 1;
    const rows = last ? this.firstTokens(x, batch) : x;
    const rowProducts = last ? this.lastProducts : p;
    const operand = p.operand(x);
    const q = this.query(i, last ? rowProducts.operand(rows) : operand, rowProducts);
    const [k, v] = (['key', 'value'] as const).map((part) =>
      p.product(operand, `layer.${i}.${part}`, this.matrix(`${n[part]}.weight`, hidden, hidden)),
    );
    const context = last ? attention.first(q, k, v) : attention.all(`layer.${i}`, q, k, v);
    const projection = this.matrix(`${n.attentionOutput}.weight`, hidden, hidden);
    const weighted = rowProducts.operand(context);
    const attended = rowProducts.product(weighted, `layer.${i}.attention_output`, projection);
    const bias = this.attentionBias(i, projection);
    const y = this.addAndNorm(attended, `${n.attentionOutput}.bias`, bias, rows, n.attentionNorm);
    const outBias = `${n.mlpOutput}.bias`;
    return this.addAndNorm(this.mlp(i, y, rowProducts), outBias, this.read(outBias), y, n.mlpNorm);
  }

  /** Divided by sqrt(width of a head). The key has no bias: it adds the same to all scores of a row, which Softmax undoes. */
  private query(i: number, x: Operand, p: Products): string {
    const { hidden, heads } = this.a;
    const name = this.layerNames(i).query;
    const scale = 1 / Math.sqrt(hidden / heads);
    const data = this.read(`${name}.weight`).map((w) => w * scale);
    const product = p.product(x, `layer.${i}.query`, { data, out: hidden, input: hidden });
    return this.biased(
      product,
      `layer.${i}.query.bias`,
      this.read(`${name}.bias`).map((b) => b * scale),
    );
  }

  /** Bias of the attention's output, the value's within: weights that sum to 1 hand a constant on unchanged. */
  private attentionBias(i: number, { data, out, input }: Matrix): Float32Array {
    const { attentionOutput, value } = this.layerNames(i);
    const values = this.read(`${value}.bias`);
    const bias = this.read(`${attentionOutput}.bias`);
    return Float32Array.from({ length: out }, (_, o) => {
      let sum = bias[o];
      for (let j = 0; j < input; j++) sum += data[o * input + j] * values[j];
      return sum;
    });
  }

  /** [batch x sequence, hidden] to [batch, hidden]. */
  private firstTokens(x: string, batch: string): string {
    const { g } = this;
    const dims = g.op('Concat', [batch, g.int([-1, this.a.hidden])], { axis: 0 });
    return g.op('Gather', [g.op('Reshape', [x, dims]), g.int(0)], { axis: 1 });
  }

  private head(x: string): string {
    const { g, a, names } = this;
    const dense = (input: string, name: string, out: number): string =>
      g.op('Gemm', [input, this.table(`${name}.weight`, out), this.vector(`${name}.bias`, out)], {
        transB: 1,
      });
    const pooled = g.op('Tanh', [dense(x, names.pooler, a.hidden)]);
    return dense(pooled, names.classifier, 1);
  }

  private addAndNorm(x: string, name: string, bias: Float32Array, skip: string, norm: string): string {
    return this.norm(this.g.op('Add', [this.biased(x, name, bias), skip]), norm);
  }

  private norm(x: string, name: string): string {
    const weights = ['weight', 'bias'].map((part) => this.vector(`${name}.${part}`, this.a.hidden));
    return this.g.op('LayerNormalization', [x, ...weights], { axis: -1, epsilon: { float: EPSILON } });
  }

  protected biased(x: string, name: string, bias: Float32Array): string {
    return this.g.op('Add', [x, this.g.initializer(name, DataType.FLOAT, [bias.length], bias)]);
  }

  protected matrix(name: string, out: number, input: number): Matrix {
    return { data: this.read(name), out, input };
  }

  /** A float32 weight of `rows` rows, as published. */
  protected table(name: string, rows: number): string {
    return this.g.initializer(name, DataType.FLOAT, [rows, this.a.hidden], this.read(name));
  }

  private vector(name: string, length: number): string {
    return this.g.initializer(name, DataType.FLOAT, [length], this.read(name));
  }
}
