import type { Architecture } from '@sagemaker-reranker/models';
import { alibiSlopes } from '../../models/src/encoder/attention/alibi.js';
import { Graph } from '../../models/src/onnx/graph.js';
import { DataType } from '../../models/src/onnx/proto.js';
import type { Weights } from './published.js';

/**
 * How much of the published names an export keeps: `biases` as exporters do (a linear weight is folded into an anonymous
 * [in, out] tensor), `none` where a later optimiser has renamed everything.
 */
export type Naming = 'biases' | 'none';

/** What other exports than that of a BERT or JinaBERT reranker do differently. */
export interface ExportVariant {
  /** RoBERTa's way: positions of tokens count from behind this padding id, and no token types are fed. */
  readonly positionsBehind?: number;
  /** How the number of classes is declared in the output's shape. Default: 1. */
  readonly classes?: number | string;
}

/**
 * An ONNX file as exporters write it: weights transposed and renamed, attention over [batch, heads, S, S] with the whole
 * ALiBi bias, MatMul and Add apart, the gated half by Split, a norm written out before opset 17.
 */
export function exportLike(
  a: Architecture,
  weights: Weights,
  naming: Naming,
  variant: ExportVariant = {},
): Uint8Array {
  return new Exporter(a, weights, naming, variant).build();
}

class Exporter {
  private readonly g = new Graph('main_graph');
  private counter = 100;

  constructor(
    private readonly a: Architecture,
    private readonly weights: Weights,
    private readonly naming: Naming,
    private readonly variant: ExportVariant,
  ) {}

  build(): Uint8Array {
    const { g, a } = this;
    const { positionsBehind, classes = 1 } = this.variant;
    const ids = g.input('input_ids', DataType.INT64, ['batch', 'sequence']);
    const mask = g.input('attention_mask', DataType.INT64, ['batch', 'sequence']);
    const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 })]);
    const range = g.op('Range', [g.int(0), length, g.int(1)]);
    const absent = g.op('Sub', [g.float(1), g.op('Cast', [mask], { to: DataType.FLOAT })]);
    let bias = g.op('Mul', [g.op('Unsqueeze', [absent, g.int([1, 2])]), g.float(-1e30)]);
    let x = g.op('Gather', [this.tensor('bert.embeddings.word_embeddings.weight'), ids]);
    const types = this.tensor('bert.embeddings.token_type_embeddings.weight');
    if (a.structure === 'bert' && positionsBehind !== undefined) {
      const counted = g.op('Mul', [g.op('CumSum', [mask, g.int(1)]), mask]);
      const at = g.op('Add', [counted, g.int(positionsBehind)]);
      x = g.op('Add', [x, g.op('Gather', [types, g.op('Sub', [ids, ids])])]);
      x = g.op('Add', [x, g.op('Gather', [this.tensor('bert.embeddings.position_embeddings.weight'), at])]);
    } else if (a.structure === 'bert') {
      x = g.op('Add', [
        x,
        g.op('Gather', [types, g.input('token_type_ids', DataType.INT64, ['batch', 'sequence'])]),
      ]);
      x = g.op('Add', [
        x,
        g.op('Gather', [this.tensor('bert.embeddings.position_embeddings.weight'), range]),
      ]);
    } else {
      x = g.op('Add', [x, g.op('Gather', [types, g.op('Sub', [ids, ids])])]);
      const at = g.op('Cast', [range], { to: DataType.FLOAT });
      const distance = g.op('Abs', [
        g.op('Sub', [g.op('Unsqueeze', [at, g.int(0)]), g.op('Unsqueeze', [at, g.int(1)])]),
      ]);
      const slopes = g.float(
        alibiSlopes(a.heads).map((slope) => -slope),
        [a.heads, 1, 1],
      );
      bias = g.op('Add', [bias, g.op('Mul', [distance, slopes])]);
    }
    x = this.norm(x, 'bert.embeddings.LayerNorm');
    for (let i = 0; i < a.layers; i++) x = this.layer(`bert.encoder.layer.${i}`, x, bias);
    const first = g.op('Gather', [x, g.int(0)], { axis: 1 });
    const pooled = g.op('Tanh', [this.gemm(first, 'bert.pooler.dense')]);
    g.output(g.ops('Identity', [this.gemm(pooled, 'classifier')], ['logits'])[0], DataType.FLOAT, [
      'batch',
      classes,
    ]);
    return g.toModel();
  }

  private layer(n: string, x: string, bias: string): string {
    const { g, a } = this;
    const width = a.hidden / a.heads;
    const split = g.int([0, 0, a.heads, width]);
    const heads = (name: string, perm: number[]): string =>
      g.op('Transpose', [g.op('Reshape', [this.linear(x, `${n}.attention.self.${name}`), split])], { perm });
    const q = heads('query', [0, 2, 1, 3]);
    const k = heads('key', [0, 2, 3, 1]);
    const v = heads('value', [0, 2, 1, 3]);
    const scaled = g.op('Div', [g.op('MatMul', [q, k]), g.float(Math.sqrt(width))]);
    const weights = g.op('Softmax', [g.op('Add', [scaled, bias])], { axis: -1 });
    const context = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
    const merged = g.op('Reshape', [context, g.int([0, 0, a.hidden])]);
    const attended = this.linear(merged, `${n}.attention.output.dense`);
    const y = this.norm(g.op('Add', [attended, x]), `${n}.attention.output.LayerNorm`);
    if (a.structure === 'bert') {
      const inner = this.gelu(this.linear(y, `${n}.intermediate.dense`));
      return this.norm(g.op('Add', [this.linear(inner, `${n}.output.dense`), y]), `${n}.output.LayerNorm`);
    }
    const [gate, up] = g.ops('Split', [this.linear(y, `${n}.mlp.gated_layers`)], 2, { axis: -1 });
    const out = this.linear(g.op('Mul', [this.gelu(gate), up]), `${n}.mlp.wo`);
    return this.norm(g.op('Add', [out, y]), `${n}.mlp.layernorm`);
  }

  private gelu(x: string): string {
    const { g } = this;
    const erf = g.op('Erf', [g.op('Div', [x, g.float(Math.SQRT2)])]);
    return g.op('Mul', [g.op('Mul', [x, g.op('Add', [erf, g.float(1)])]), g.float(0.5)]);
  }

  private norm(x: string, name: string): string {
    const { g } = this;
    const axes = { axes: [-1] };
    const centred = g.op('Sub', [x, g.op('ReduceMean', [x], axes)]);
    const variance = g.op('ReduceMean', [g.op('Mul', [centred, centred])], axes);
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.float(1e-12)])]);
    const scaled = g.op('Mul', [g.op('Div', [centred, deviation]), this.tensor(`${name}.weight`)]);
    return g.op('Add', [scaled, this.tensor(`${name}.bias`)]);
  }

  /** MatMul with the weight transposed into a tensor without a name, and the bias added before the product, as exporters do. */
  private linear(x: string, name: string): string {
    const { g } = this;
    const { shape, data } = this.weights.get(`${name}.weight`)!;
    const [out, input] = shape;
    const turned = new Float32Array(data.length);
    data.forEach((value, i) => (turned[(i % input) * out + Math.floor(i / input)] = value));
    const weight = g.initializer(`onnx::MatMul_${this.counter++}`, DataType.FLOAT, [input, out], turned);
    const product = g.op('MatMul', [x, weight]);
    return this.weights.has(`${name}.bias`) ? g.op('Add', [this.tensor(`${name}.bias`), product]) : product;
  }

  private gemm(x: string, name: string): string {
    return this.g.op('Gemm', [x, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`)], { transB: 1 });
  }

  private tensor(name: string): string {
    const { shape, data } = this.weights.get(name)!;
    const given = this.naming === 'none' ? `t${this.counter++}` : name;
    return this.g.initializer(given, DataType.FLOAT, shape, data);
  }
}
