import type { Activation } from '../architecture.js';
import { Graph, MICROSOFT } from '../onnx/graph.js';
import { DataType } from '../onnx/proto.js';
import { alibi } from './attention/alibi.js';
import { type Attention, type AttentionInputs, ceilDiv } from './attention/attention.js';
import { BlockwiseAttention } from './attention/blockwise.js';
import { DisentangledAttention, type DistanceTables } from './attention/disentangled.js';
import { RotaryAttention } from './attention/rotary.js';
import { WholeAttention } from './attention/whole.js';
import { type Operand, type Products, quantizeRows } from './products.js';
import { type ActivationPlace, type Equalization, activationName, skipsRows } from './quantization.js';
import type { EncoderSpec, LayerSpec, LinearSpec, NormSpec } from './spec.js';
import { FoldedWeights, type WeightReader } from './weights.js';

/** Rows, pairs times tokens, that are worked on at once; a single pair may have more. */
const CHUNK_ROWS = 512;
/** Longest pair whose scores are computed in one piece. */
const WHOLE = 512;

export interface EncoderOptions {
  /** Whether the graph takes `token_type_ids`; without them every token has type 0. */
  readonly tokenTypes: boolean;
  /** Precision of the word embedding table. */
  readonly embeddings: 'fp32' | 'int8';
  /** How the products that read an activation are computed; `rows`: those of the rows that the head reads alone. */
  readonly products: (g: Graph, activation: string, rows: 'all' | 'first') => Products;
  readonly equalization?: ReadonlyMap<string, Equalization>;
  /** Taken off every logit. Default: 0. */
  readonly logitShift?: number;
  /** Gives every activation that a choice of precision concerns as an output of its own too. */
  readonly observed?: boolean;
  /** Numbers of which the graph's products depend on, as float32 inputs [n] by name. */
  readonly flags?: { readonly name: string; readonly count: number };
  /**
   * An exporter's attention, which a benchmark compares with; the graph then computes what exporters' do: the batch in one
   * piece with its padding, and all rows of the last layer. Default: that of the structure.
   */
  readonly attention?: (g: Graph, inputs: AttentionInputs) => Attention;
}

/** float32 [rows, hidden]; its true value is `value` x scale + shift where it was equalized. */
interface Stream {
  readonly value: string;
  readonly equalized?: Equalization;
}

/** Name of the output that gives an activation: weights have the activation's own. */
export function observedName(activation: string): string {
  return `observed/${activation}`;
}

/**
 * The ONNX file of an encoder (BERT: arXiv 1810.04805).
 * Inputs `input_ids`, `attention_mask` and, if wanted, `token_type_ids`: int64 [batch, sequence].
 * Output `logits`, float32 [batch, 1], of a cross-encoder; without a head `embedding`, float32 [batch, hidden].
 */
export function encoderGraph(spec: EncoderSpec, read: WeightReader, options: EncoderOptions): Graph {
  return new Encoder(spec, read, options).graph();
}

class Encoder {
  readonly #spec: EncoderSpec;
  readonly #weights: FoldedWeights;
  readonly #options: EncoderOptions;
  readonly #asExported: boolean;
  /** The file's graph: inputs, weights and the walk over the batch; `g` is what is done to each chunk of it. */
  readonly #outer: Graph;
  readonly #g: Graph;
  readonly #observed: { name: string; value: string; width: number }[] = [];

  constructor(spec: EncoderSpec, read: WeightReader, options: EncoderOptions) {
    this.#spec = spec;
    this.#weights = new FoldedWeights(read);
    this.#options = options;
    this.#asExported = options.attention !== undefined;
    const name = spec.architecture.structure ?? 'jinabert';
    this.#outer = new Graph(name);
    this.#g = new Graph(`${name}/pairs`, this.#outer);
  }

  graph(): Graph {
    const g = this.#g;
    const outer = this.#outer;
    const { tokenTypes, flags } = this.#options;
    const dims = ['pairs', 'sequence'];
    const names = ['input_ids', 'attention_mask', ...(tokenTypes ? ['token_type_ids'] : [])];
    const whole = names.map((name) => outer.input(name, DataType.INT64, ['batch', 'sequence']));
    if (flags) outer.input(flags.name, DataType.FLOAT, [flags.count]);
    const given = names.map((name) => g.input(`pairs/${name}`, DataType.INT64, dims));
    // Activations that are given as outputs must have one shape in all chunks.
    const padded = this.#options.observed === true || this.#asExported;
    const [ids, mask, types] = padded ? given : this.#trimmed(given, given[1]!);
    const width = this.#spec.head === undefined ? this.#spec.architecture.hidden : 1;
    g.output(this.#score(ids!, mask!, types), DataType.FLOAT, ['pairs', width]);
    for (const { value, width: columns } of this.#observed) {
      g.output(value, DataType.FLOAT, ['rows', columns]);
    }
    const name = this.#spec.head === undefined ? 'embedding' : 'logits';
    outer.output(this.#inChunks(whole, name, width), DataType.FLOAT, ['batch', width]);
    return outer;
  }

  /**
   * Runs the encoder over the batch a few pairs at a time: activations of CHUNK_ROWS rows stay in the processor's cache,
   * where those of a large batch travel to memory and back at every operator. Padded pairs make the chunks equal.
   */
  #inChunks(inputs: readonly string[], name: string, width: number): string {
    const g = this.#outer;
    const one = g.int([1]);
    const batch = g.op('Shape', [inputs[0]!], { start: 0, end: 1 });
    const sequence = g.op('Shape', [inputs[0]!], { start: 1, end: 2 });
    const most = this.#asExported ? batch : g.op('Max', [g.op('Div', [g.int([CHUNK_ROWS]), sequence]), one]);
    const chunks = ceilDiv(g, batch, most);
    const pairs = ceilDiv(g, batch, chunks);
    const missing = g.op('Sub', [g.op('Mul', [chunks, pairs]), batch]);
    const pads = g.op('Concat', [g.int([0, 0]), missing, g.int([0])], { axis: 0 });
    const dims = g.op('Concat', [chunks, pairs, sequence], { axis: 0 });
    const cut = inputs.map((x) => g.op('Reshape', [g.op('Pad', [x, pads]), dims]));
    const body = { body: this.#g, num_scan_inputs: cut.length };
    const [scores, ...observed] = g.ops('Scan', cut, 1 + this.#observed.length, body);
    for (const [i, { name: activation, width: columns }] of this.#observed.entries()) {
      const rows = g.ops('Reshape', [observed[i]!, g.int([-1, columns])], [observedName(activation)])[0]!;
      g.output(rows, DataType.FLOAT, [`${activation}/rows`, columns]);
    }
    const all = g.op('Reshape', [scores!, g.int([-1, width])]);
    return g.ops('Slice', [all, g.int([0]), batch], [name])[0]!;
  }

  /** The columns up to the last token of these pairs: what the longer pairs of other chunks have been padded to is no work here. */
  #trimmed(inputs: readonly string[], mask: string): string[] {
    const g = this.#g;
    const sequence = g.op('Squeeze', [g.op('Shape', [mask], { start: 1, end: 2 })]);
    const places = g.op('Range', [g.int(1), g.op('Add', [sequence, g.int(1)]), g.int(1)]);
    const last = g.op('ReduceMax', [g.op('Mul', [mask, places])], { keepdims: 0 });
    const end = g.op('Reshape', [g.op('Max', [last, g.int(1)]), g.int([1])]);
    return inputs.map((x) => g.op('Slice', [x, g.int([0]), end, g.int([1])]));
  }

  /** Logits of some pairs, int64 [pairs, sequence] to float32 [pairs, 1]; without a head their vectors, [pairs, hidden]. */
  #score(ids: string, mask: string, types: string | undefined): string {
    const g = this.#g;
    const spec = this.#spec;
    const { heads, hidden } = spec.architecture;
    const batch = g.op('Shape', [ids], { start: 0, end: 1 });
    const inputs = { heads, hidden, ids, mask, batch };
    const attention = this.#options.attention?.(g, inputs) ?? this.#attention(inputs);
    const padded = attention.pad(ids);
    let x = this.#embed(padded, types === undefined ? undefined : attention.pad(types));
    const skips = skipsRows(spec) && !this.#asExported;
    spec.layers.forEach((layer, i) => {
      const last = skips && i === spec.layers.length - 1;
      x = this.#layer(i, layer, x, last, batch, attention);
    });
    const plain = this.#plain(x);
    if (skips || spec.pooling === 'first') return this.#head(skips ? plain : this.#firstTokens(plain, batch));
    return this.#head(this.#mean(this.#finalNorm(plain), attention.pad(mask), batch), true);
  }

  #attention(inputs: AttentionInputs): Attention {
    const g = this.#g;
    const { attention } = this.#spec;
    switch (attention.kind) {
      case 'alibi':
        return new BlockwiseAttention(g, inputs, alibi(g, inputs.heads));
      case 'rotary':
        return new RotaryAttention(g, inputs, attention);
      case 'disentangled':
        return new DisentangledAttention(g, inputs, attention, (layer) => this.#distances(layer));
      case 'plain':
        return attention.positions <= WHOLE
          ? new WholeAttention(g, inputs)
          : new BlockwiseAttention(g, inputs, () => undefined);
    }
  }

  #embed(ids: string, types: string | undefined): Stream {
    const g = this.#g;
    const { embeddings, order, layers } = this.#spec;
    let x = this.#words(ids);
    if (embeddings.types) {
      const table = this.#table(embeddings.types.weight, embeddings.types.rows, embeddings.width);
      x = g.op('Add', [x, g.op('Gather', [table, types ?? g.int(0)])]);
    }
    if (embeddings.positions) {
      const { weight, rows, offset } = embeddings.positions;
      const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
      const range = g.op('Range', [g.int(offset), g.op('Add', [length, g.int(offset)]), g.int(1)]);
      x = g.op('Add', [x, g.op('Gather', [this.#table(weight, rows, embeddings.width), range])]);
    }
    x = g.op('Reshape', [x, g.int([-1, embeddings.width])]);
    const { projection } = embeddings;
    if (projection?.place === 'before') x = this.#dense(x, projection);
    const reads = order === 'post-norm' || layers[0]?.attentionNorm === undefined;
    if (projection?.place === 'after') {
      return { value: this.#dense(this.#norm(x, embeddings.norm).value, projection) };
    }
    return this.#norm(x, embeddings.norm, reads ? activationName(0, 'attention_input') : undefined);
  }

  #words(ids: string): string {
    const g = this.#g;
    const { weight, rows } = this.#spec.embeddings.words;
    const { width } = this.#spec.embeddings;
    if (this.#options.embeddings === 'fp32') return g.op('Gather', [this.#table(weight, rows, width), ids]);
    const matrix = { data: this.#weights.read(weight), out: rows, input: width };
    const { values, scales } = quantizeRows(matrix);
    const table = g.initializer(weight, DataType.INT8, [rows, width], values);
    const scale = g.initializer(`${weight}.scale`, DataType.FLOAT, [rows, 1], scales);
    const integers = g.op('Cast', [g.op('Gather', [table, ids])], { to: DataType.FLOAT });
    return g.op('Mul', [integers, g.op('Gather', [scale, ids])]);
  }

  #layer(i: number, layer: LayerSpec, x: Stream, last: boolean, batch: string, attention: Attention): Stream {
    const post = this.#spec.order === 'post-norm';
    const before = (stream: Stream, norm: NormSpec | undefined, place: ActivationPlace): Stream =>
      post || norm === undefined ? stream : this.#norm(this.#plain(stream), norm, activationName(i, place));
    const read = before(x, layer.attentionNorm, 'attention_input');
    const rows = last ? this.#first(x, batch) : x;
    const { value, bias } = this.#attend(i, layer, read, last, batch, attention);
    const attended = this.#addTo(rows, value, `${layer.attentionOutput.weight}.constant`, bias);
    const y = post
      ? this.#norm(attended, layer.attentionNorm!, activationName(i, 'mlp_input'))
      : { value: attended };
    const input = before(y, layer.mlpNorm, 'mlp_input');
    const mlp = this.#mlp(i, layer, input, last);
    const out = this.#addTo(
      y,
      mlp,
      `${layer.mlp.output.weight}.constant`,
      this.#weights.bias(layer.mlp.output),
    );
    const next = i + 1 < this.#spec.layers.length ? activationName(i + 1, 'attention_input') : undefined;
    return post ? this.#norm(out, layer.mlpNorm, next) : { value: out };
  }

  /** The attention's output, [rows, hidden], and what its bias has become. */
  #attend(
    i: number,
    layer: LayerSpec,
    x: Stream,
    last: boolean,
    batch: string,
    attention: Attention,
  ): { value: string; bias: Float32Array | undefined } {
    const weights = this.#weights;
    const name = activationName(i, 'attention_input');
    const all = this.#products(name, 'all');
    const operand = this.#operand(name, all, x.value);
    const few = last ? this.#products(name, 'first') : all;
    const queryOperand = last ? few.operand(this.#firstTokens(x.value, batch)) : operand;
    const scale =
      1 / Math.sqrt(this.#scoreParts() * (this.#spec.architecture.hidden / this.#spec.architecture.heads));
    const equalized = x.equalized;
    const query = few.product(
      queryOperand,
      `layer.${i}.query`,
      weights.matrix(layer.query, { equalized, times: scale }),
    );
    const queryBias = weights.bias(layer.query, equalized)?.map((b) => b * scale);
    const q = this.#biased(query, `layer.${i}.query.bias`, queryBias);
    const key = all.product(operand, `layer.${i}.key`, weights.matrix(layer.key, { equalized }));
    const k = attention.keyBias
      ? this.#biased(key, `layer.${i}.key.bias`, weights.bias(layer.key, equalized))
      : key;
    const context = activationName(i, 'attention_output');
    const smooth = this.#options.equalization?.get(context);
    const v = all.product(
      operand,
      `layer.${i}.value`,
      weights.matrix(layer.value, { equalized, divided: smooth?.scale }),
    );
    const attended = last ? attention.first(i, q, k, v) : attention.all(i, q, k, v);

    const p = this.#products(context, last ? 'first' : 'all');
    const output = weights.matrix(layer.attentionOutput, { equalized: smooth && { scale: smooth.scale } });
    const value = p.product(this.#operand(context, p, attended, last), `layer.${i}.attention_output`, output);
    // The value's bias is within: weights that sum to 1 hand a constant on unchanged.
    const constant = weights.bias(layer.value, equalized);
    return { value, bias: weights.bias(layer.attentionOutput, constant && { shift: constant }) };
  }

  #mlp(i: number, { mlp }: LayerSpec, y: Stream, last: boolean): string {
    const g = this.#g;
    const weights = this.#weights;
    const rows = last ? 'first' : 'all';
    const name = activationName(i, 'mlp_input');
    const p = this.#products(name, rows);
    const operand = this.#operand(name, p, y.value, last);
    const { equalized } = y;
    const inner = activationName(i, 'mlp_output');
    const smooth = this.#options.equalization?.get(inner);
    const out = this.#products(inner, rows);
    const biased = (part: LinearSpec, label: string): string =>
      this.#biased(
        p.product(operand, label, weights.matrix(part, { equalized })),
        part.bias ?? `${label}.bias`,
        weights.bias(part, equalized),
      );
    let activated: Operand;
    if (mlp.gate === undefined) {
      const value = this.#activate(biased(mlp.inner, `layer.${i}.inner`), this.#spec.activation);
      activated = this.#operand(inner, out, value, last);
    } else {
      const gate = this.#activate(biased(mlp.gate, `layer.${i}.gate`), this.#spec.activation);
      const matrix = weights.matrix(mlp.inner, { equalized, divided: smooth?.scale });
      // The row scale of `up` waits for the next quantisation, which multiplies by one anyway.
      const up = p.raw(operand, `layer.${i}.up`, matrix);
      activated = this.#operand(inner, out, g.op('Mul', [gate, up]), last, operand.rowScale);
    }
    const matrix = weights.matrix(mlp.output, { equalized: smooth && { scale: smooth.scale } });
    return out.product(activated, `layer.${i}.mlp_output`, matrix);
  }

  #products(activation: string, rows: 'all' | 'first'): Products {
    return this.#options.products(this.#g, activation, rows);
  }

  #operand(name: string, p: Products, value: string, few = false, rowScale?: string): Operand {
    const { observed = false } = this.#options;
    if (observed && !few) {
      const width = name.endsWith('.mlp_output')
        ? this.#spec.architecture.intermediate
        : this.#spec.architecture.hidden;
      // An output of a subgraph must be a value of its own.
      const given = this.#g.op('Identity', [
        rowScale === undefined ? value : this.#g.op('Mul', [value, rowScale]),
      ]);
      this.#observed.push({ name, value: given, width });
    }
    return p.operand(value, rowScale);
  }

  /** Content to content, and what relative positions add to it: DeBERTa divides by the square root of their number too. */
  #scoreParts(): number {
    const { attention } = this.#spec;
    if (attention.kind !== 'disentangled') return 1;
    const { contentToPosition, positionToContent } = attention.relative;
    return 1 + Number(contentToPosition) + Number(positionToContent);
  }

  /** The projected embeddings of distances: constants of the model. */
  #distances(layer: number): DistanceTables {
    const { attention, layers, epsilon } = this.#spec;
    if (attention.kind !== 'disentangled') return {};
    const { table, tableNorm, projections, contentToPosition, positionToContent } = attention.relative;
    const embeddings = this.#weights.normalized(table, tableNorm, this.#spec.architecture.hidden, epsilon);
    const own = projections?.[layer];
    const scale =
      1 / Math.sqrt(this.#scoreParts() * (this.#spec.architecture.hidden / this.#spec.architecture.heads));
    const project = (part: LinearSpec, times: number): Float32Array =>
      this.#weights.projected(embeddings, part).map((x) => x * times);
    return {
      key: contentToPosition ? project(own?.key ?? layers[layer]!.key, 1) : undefined,
      query: positionToContent ? project(own?.query ?? layers[layer]!.query, scale) : undefined,
    };
  }

  /** [batch x sequence, hidden] to [batch, hidden]. */
  #firstTokens(x: string, batch: string): string {
    const g = this.#g;
    const dims = g.op('Concat', [batch, g.int([-1, this.#spec.architecture.hidden])], { axis: 0 });
    return g.op('Gather', [g.op('Reshape', [x, dims]), g.int(0)], { axis: 1 });
  }

  #first(x: Stream, batch: string): Stream {
    return { ...x, value: this.#firstTokens(x.value, batch) };
  }

  /** Mean of the tokens that are no padding: [batch x sequence, hidden] to [batch, hidden]. */
  #mean(x: string, mask: string, batch: string): string {
    const g = this.#g;
    const dims = g.op('Concat', [batch, g.int([-1, this.#spec.architecture.hidden])], { axis: 0 });
    const present = g.op('Unsqueeze', [g.op('Cast', [mask], { to: DataType.FLOAT }), g.int([2])]);
    const sum = g.op('ReduceSum', [g.op('Mul', [g.op('Reshape', [x, dims]), present]), g.int([1])], {
      keepdims: 0,
    });
    return g.op('Div', [
      sum,
      g.op('Max', [g.op('ReduceSum', [present, g.int([1])], { keepdims: 0 }), g.float(1)]),
    ]);
  }

  #finalNorm(x: string): string {
    const { finalNorm } = this.#spec;
    return finalNorm === undefined ? x : this.#norm(x, finalNorm).value;
  }

  #head(x: string, normed = false): string {
    const { head } = this.#spec;
    const pooled = normed ? x : this.#finalNorm(x);
    if (head === undefined) return pooled;
    const dense = this.#dense(pooled, head.dense);
    const activated = this.#activate(dense, head.activation);
    const logits = this.#dense(
      head.norm === undefined ? activated : this.#norm(activated, head.norm).value,
      head.classifier,
    );
    const { logitShift = 0 } = this.#options;
    return logitShift === 0 ? logits : this.#g.op('Sub', [logits, this.#g.float(logitShift)]);
  }

  /** A linear layer in float32. */
  #dense(x: string, { weight, bias, out, input }: LinearSpec): string {
    const inputs = [x, this.#table(weight, out, input)];
    if (bias !== undefined)
      inputs.push(this.#g.initializer(bias, DataType.FLOAT, [out], this.#weights.read(bias)));
    return this.#g.op('Gemm', inputs, { transB: 1 });
  }

  #activate(x: string, activation: Activation): string {
    const g = this.#g;
    switch (activation) {
      case 'gelu':
        return g.op('Gelu', [x], {}, MICROSOFT);
      case 'gelu_tanh':
        return g.op('FastGelu', [x], {}, MICROSOFT);
      case 'relu':
        return g.op('Relu', [x]);
      case 'tanh':
        return g.op('Tanh', [x]);
      case 'silu':
        return g.op('Mul', [x, g.op('Sigmoid', [x])]);
    }
  }

  /** What the stream stands for. */
  #plain({ value, equalized }: Stream): string {
    if (equalized === undefined) return value;
    const { scale, shift } = equalized;
    const g = this.#g;
    const whole = g.op('Mul', [value, g.float([...scale])]);
    return shift === undefined ? whole : g.op('Add', [whole, g.float([...shift])]);
  }

  /** stream + x + bias; the stream's shift is within the bias. */
  #addTo({ value, equalized }: Stream, x: string, name: string, bias: Float32Array | undefined): string {
    const g = this.#g;
    const shift = equalized?.shift;
    const sum = shift === undefined ? bias : shift.map((s, i) => s + (bias?.[i] ?? 0));
    const skip = equalized === undefined ? value : g.op('Mul', [value, g.float([...equalized.scale])]);
    return g.op('Add', [this.#biased(x, name, sum), skip]);
  }

  /** Normalised, and equalized for the activation that it is. */
  #norm(x: string, { weight, bias }: NormSpec, activation?: string): Stream {
    const g = this.#g;
    const equalized = activation === undefined ? undefined : this.#options.equalization?.get(activation);
    const scaled = (data: Float32Array): Float32Array =>
      data.map((value, i) => value / (equalized?.scale[i] ?? 1));
    const gain = this.#weights.read(weight);
    const inputs = [x, g.initializer(weight, DataType.FLOAT, [gain.length], scaled(gain))];
    const shift = equalized?.shift;
    if (bias !== undefined || shift !== undefined) {
      const given = bias === undefined ? new Float32Array(gain.length) : this.#weights.read(bias);
      const moved = shift === undefined ? given : given.map((value, i) => value - shift[i]!);
      inputs.push(g.initializer(bias ?? `${weight}.shift`, DataType.FLOAT, [gain.length], scaled(moved)));
    }
    const attributes = { axis: -1, epsilon: { float: this.#spec.epsilon } };
    return { value: g.op('LayerNormalization', inputs, attributes), equalized };
  }

  #biased(x: string, name: string, bias: Float32Array | undefined): string {
    if (bias === undefined) return x;
    return this.#g.op('Add', [x, this.#g.initializer(name, DataType.FLOAT, [bias.length], bias)]);
  }

  /** A float32 weight of `rows` rows, as published. */
  #table(name: string, rows: number, width: number): string {
    return this.#g.initializer(name, DataType.FLOAT, [rows, width], this.#weights.read(name));
  }
}
