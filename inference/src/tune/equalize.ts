import type { ActivationFacts, Equalization, WeightReader } from '@sagemaker-reranker/models/build';
import type { ActivationSample } from './calibrate.js';

/** Steps to each side of 0 that a row has. */
const STEPS = 127;
/** Shares of the difficulty that are moved from activations to weights, of which the best is taken. */
const SHARES = Array.from({ length: 21 }, (_, i) => i / 20);
/** A gain below this is not worth the operator it costs. */
const WORTH = 0.9;

/** The weights that read an activation, as far as the error of a product depends on them. */
interface Columns {
  /** Of every channel: the largest weight, and the sum of squares. */
  readonly largest: Float32Array;
  readonly squares: Float64Array;
  /** Every row of the weights, by reader. */
  readonly rows: readonly Float32Array[];
}

/**
 * The shift and scale of each channel that make the products' error least: x becomes (x - shift) / scale, and the weights'
 * columns are multiplied by the scale (arXiv 2211.10438, 2304.09145). The error of a product is that of rounding x, step^2 / 12
 * times the squares of the weights, and that of rounding the weights, likewise. It is computed for a range of shares on sampled
 * rows, and the best taken.
 * @returns undefined where nothing gains enough.
 */
export function equalize(
  facts: ActivationFacts,
  sample: ActivationSample,
  read: WeightReader,
): Equalization | undefined {
  if (facts.equalizes === 'not') return undefined;
  const columns = columnsOf(facts, read);
  const { width } = facts;
  const none = new Float32Array(width);
  const middle = sample.most.map((most, i) => (most + sample.least[i]!) / 2);
  const plain = errorOf(sample.rows, none, new Float32Array(width).fill(1), columns);
  let best: { error: number; equalization: Equalization } | undefined;
  for (const shift of facts.equalizes === 'scale' ? [none] : [none, middle]) {
    const sizes = sample.most.map((most, i) =>
      Math.max(Math.abs(most - shift[i]!), Math.abs(sample.least[i]! - shift[i]!), 1e-6),
    );
    for (const share of SHARES) {
      const scale = scalesOf(sizes, columns.largest, share);
      const error = errorOf(sample.rows, shift, scale, columns);
      if (best && error >= best.error) continue;
      best = { error, equalization: shift === none ? { scale } : { scale, shift } };
    }
  }
  return best && best.error < WORTH * plain ? best.equalization : undefined;
}

function columnsOf({ readers, width }: ActivationFacts, read: WeightReader): Columns {
  const largest = new Float32Array(width);
  const squares = new Float64Array(width);
  const rows: Float32Array[] = [];
  for (const { weight, out, from } of readers) {
    const data = read(weight);
    for (let o = from; o < from + out; o += 1) {
      const row = data.subarray(o * width, (o + 1) * width);
      rows.push(row);
      for (let i = 0; i < width; i += 1) {
        largest[i] = Math.max(largest[i]!, Math.abs(row[i]!));
        squares[i]! += row[i]! * row[i]!;
      }
    }
  }
  return { largest, squares, rows };
}

/** size^share / largest weight^(1 - share), with a geometric mean of 1. */
function scalesOf(sizes: Float32Array, largest: Float32Array, share: number): Float32Array {
  const logs = sizes.map(
    (size, i) => share * Math.log(size) - (1 - share) * Math.log(Math.max(largest[i]!, 1e-6)),
  );
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  return logs.map((x) => Math.exp(x - mean));
}

/** Squared error of the products over some rows, summed over outputs. */
function errorOf(
  rows: readonly Float32Array[],
  shift: Float32Array,
  scale: Float32Array,
  { squares, rows: weights }: Columns,
): number {
  const width = scale.length;
  let sensitivity = 0;
  for (let i = 0; i < width; i += 1) sensitivity += scale[i]! * scale[i]! * squares[i]!;
  let rounding = 0;
  let energy = 0;
  for (const row of rows) {
    let most = 0;
    for (let i = 0; i < width; i += 1) {
      const value = Math.abs(row[i]! - shift[i]!) / scale[i]!;
      if (value > most) most = value;
      energy += value * value;
    }
    rounding += (most / STEPS) ** 2;
  }
  let weightRounding = 0;
  for (const row of weights) {
    let most = 0;
    for (let i = 0; i < width; i += 1) most = Math.max(most, Math.abs(row[i]!) * scale[i]!);
    weightRounding += (most / STEPS) ** 2;
  }
  return (rounding * sensitivity + weightRounding * energy) / 12;
}
