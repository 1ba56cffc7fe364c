import { type Architecture, FAR } from '@sagemaker-reranker/models';
import {
  DataType,
  EPSILON,
  Graph,
  alibiSlopes,
  layerNames,
  names,
  weightShapes,
} from '@sagemaker-reranker/models/build';
import { CONTRASTIVE_LOSS, needsTeacher } from './loss.js';
import type { LossSettings, LossTerm, Targets } from './loss.js';
import { Tape, type Layout } from './tape.js';

/** Name of a parameter's gradient among the outputs of the training graph. */
export const gradientOf = (parameter: string): string => `gradient:${parameter}`;

/** Name of a term of the loss among the outputs of the training graph. */
export const lossOf = (term: LossTerm): string => `loss:${term}`;

/** Parameters the training graph takes as inputs: all but the embedding tables, which are gathered outside it. */
export function graphParameters(a: Architecture): Map<string, number[]> {
  const shapes = weightShapes(a);
  shapes.delete(names.words);
  shapes.delete(names.types);
  return shapes;
}

/**
 * Forward and backward pass of a JinaBERT student as one ONNX graph.
 *
 * Inputs: every parameter by its published name; `attention_mask` int64 [pairs, sequence], ones before zeros;
 * `embedded` float32 [rows, hidden], word plus type embedding of every token that the mask holds, pair by pair, without
 * padding; and of `Targets`, all float32 [groups, candidates]: `positive`
 * where the contrastive loss has a weight, `known` with `distribution` for KL, `known` with `scores` for margin-MSE.
 * Outputs: `loss` scalar, `logits` [groups, candidates], `loss:TERM` for each term with a weight (for `kl` the
 * cross-entropy), and a gradient per parameter and for `embedded`.
 */
export function buildTrainingGraph(a: Architecture, loss: LossSettings = CONTRASTIVE_LOSS): Uint8Array {
  const g = new Graph('student');
  const t = new Tape(g);
  const parameters = graphParameters(a);
  for (const [name, dims] of parameters) t.parameter(name, dims);
  const embedded = t.parameter('embedded', ['rows', a.hidden]);
  const mask = g.input('attention_mask', DataType.INT64, ['pairs', 'sequence']);
  const judged = (name: keyof Targets): string => g.input(name, DataType.FLOAT, ['groups', 'candidates']);
  const positive = loss.contrastive > 0 ? judged('positive') : undefined;
  const known = needsTeacher(loss) ? judged('known') : undefined;

  const pairs = g.op('Shape', [mask], { start: 0, end: 1 });
  const batch = { ...layout(g, mask), pairs };
  const bias = alibi(g, a, mask);
  let x = t.layerNorm(embedded, ...norm(names.embeddingNorm), EPSILON);
  for (let i = 0; i < a.layers; i++) x = layer(t, a, i, x, batch, bias);

  const pooled = t.tanh(t.linear(x, `${names.pooler}.weight`, `${names.pooler}.bias`));
  const column = t.linear(pooled, `${names.classifier}.weight`, `${names.classifier}.bias`);
  const shape = g.op('Shape', [(positive ?? known)!]);
  const groups = g.op('Shape', [(positive ?? known)!], { start: 0, end: 1 });
  const logits = t.reshape(column, shape);
  const scaled = loss.scale === 1 ? logits : t.scale(logits, loss.scale);
  const terms = new Map<LossTerm, string>();
  if (positive) terms.set('contrastive', t.crossEntropy(scaled, positive, groups));
  if (loss.kl > 0) terms.set('kl', t.crossEntropy(scaled, judged('distribution'), groups, known));
  if (loss.marginMse > 0) terms.set('marginMse', t.marginError(scaled, judged('scores'), known!, groups));
  const total = [...terms].map(([term, value]) => t.scale(value, loss[term])).reduce((x, y) => t.add(x, y));
  t.backward(total);

  const publish = (value: string, name: string, dims: readonly (number | string)[]): void => {
    g.output(g.ops('Identity', [value], [name])[0]!, DataType.FLOAT, dims);
  };
  publish(total, 'loss', []);
  for (const [term, value] of terms) publish(value, lossOf(term), []);
  publish(logits, 'logits', ['groups', 'candidates']);
  publish(t.gradient('embedded'), gradientOf('embedded'), ['rows', a.hidden]);
  for (const [name, dims] of parameters) publish(t.gradient(name), gradientOf(name), dims);
  return g.toModel();
}

function norm(name: string): [string, string] {
  return [`${name}.weight`, `${name}.bias`];
}

/** A ragged batch: where its rows lie, how many pairs it has, and the row of each pair's first token. */
interface Batch extends Layout {
  readonly pairs: string;
  /** int64 [pairs, 1]. */
  readonly firsts: string;
}

/** What is added to the scores of attention. */
interface Bias {
  readonly allRows: string;
  readonly firstRow: string;
}

/** The rows of a batch, of its mask int64 [pairs, sequence]. */
function layout(g: Graph, mask: string): Omit<Batch, 'pairs'> {
  const flat = g.op('Reshape', [mask, g.int([-1])]);
  const places = g.op('Squeeze', [g.op('NonZero', [flat]), g.int([0])]);
  const rows = g.op('Shape', [places]);
  const numbers = g.op('Sub', [g.op('CumSum', [flat, g.int(0)]), g.int(1)]);
  const slots = g.op('Where', [g.op('Cast', [flat], { to: DataType.BOOL }), numbers, rows]);
  const table = g.op('Reshape', [slots, g.op('Shape', [mask])]);
  return { slots, places, firsts: g.op('Gather', [table, g.int([0])], { axis: 1 }) };
}

/** ALiBi bias with the padding mask in it, for all rows [pairs, heads, sequence, sequence] and for the first row alone. */
function alibi(g: Graph, a: Architecture, mask: string): Bias {
  const length = g.op('Squeeze', [g.op('Shape', [mask], { start: 1, end: 2 })]);
  const positions = g.op('Cast', [g.op('Range', [g.int(0), length, g.int(1)])], { to: DataType.FLOAT });
  const present = g.op('Cast', [mask], { to: DataType.BOOL });
  const keys = g.op('Unsqueeze', [g.op('Where', [present, positions, g.float(FAR)]), g.int([1, 2])]);
  const slopes = g.float(
    alibiSlopes(a.heads).map((slope) => -slope),
    [a.heads, 1, 1],
  );
  const distance = g.op('Abs', [g.op('Sub', [keys, g.op('Unsqueeze', [positions, g.int([1])])])]);
  return { allRows: g.op('Mul', [distance, slopes]), firstRow: g.op('Mul', [keys, slopes]) };
}

/** One encoder layer; the last one computes the first row of each pair alone, the only one the head reads. */
function layer(t: Tape, a: Architecture, i: number, x: string, batch: Batch, bias: Bias): string {
  const { hidden, heads } = a;
  const width = hidden / heads;
  const n = layerNames(i);
  const last = i === a.layers - 1;
  const rows = last ? t.rowsAt(x, batch.firsts) : x;
  const project = (from: string, name: string): string => t.linear(from, `${name}.weight`, `${name}.bias`);
  const toHeads = (y: string): string => t.toHeads(y, batch.pairs, heads, width);
  const q = toHeads(last ? project(rows, n.query) : t.toPlaces(project(rows, n.query), batch));
  const [k, v] = [n.key, n.value].map((name) => toHeads(t.toPlaces(project(x, name), batch)));
  const attended = t.attention(q, k!, v!, last ? bias.firstRow : bias.allRows, 1 / Math.sqrt(width));
  const joined = t.fromHeads(attended, batch.pairs, heads, width);
  const context = project(last ? joined : t.toRows(joined, batch), n.attentionOutput);
  const y = t.layerNorm(t.add(context, rows), ...norm(n.attentionNorm), EPSILON);
  // Two products instead of one that is cut in two: only weights are cut and joined again.
  const [gate, up] = t
    .split(`${n.gated}.weight`, 2)
    .map((weight) => t.linear(y, weight, undefined, Math.SQRT1_2));
  const mixed = project(t.gatedErf(gate!, up!), n.mlpOutput);
  return t.layerNorm(t.add(mixed, y), ...norm(n.mlpNorm), EPSILON);
}
