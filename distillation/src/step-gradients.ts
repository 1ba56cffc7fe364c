import type { OnnxValue } from '@sagemaker-reranker/inference/runtime';
import type { Architecture } from '@sagemaker-reranker/models';
import { names } from '@sagemaker-reranker/models/build';
import { sumOfSquares } from './adamw.js';
import type { Batch } from './batch.js';
import { gradientOf, graphParameters } from './student.js';

/**
 * The gradient of a step, summed over its batches: one array a parameter of the training graph, the whole type table, and
 * of the word table the rows of the words that occur.
 */
export class StepGradients {
  /** By published name; the table of words is not among them. */
  readonly parameters = new Map<string, Float32Array>();
  /** The words that occur, in the order of their rows. */
  words: number[] = [];
  /** Row-major [words, hidden]. */
  rows: Float32Array = new Float32Array(0);
  /** Place of each word in `words`, -1 for those that do not occur. */
  readonly places: Int32Array;
  readonly #hidden: number;
  readonly #types: Float32Array;

  constructor(architecture: Architecture) {
    this.#hidden = architecture.hidden;
    this.places = new Int32Array(architecture.vocabulary).fill(-1);
    for (const [name, shape] of graphParameters(architecture)) {
      this.parameters.set(name, new Float32Array(shape.reduce((product, n) => product * n, 1)));
    }
    this.#types = new Float32Array(2 * this.#hidden);
    this.parameters.set(names.types, this.#types);
  }

  /** Forgets the step before. */
  reset(batches: readonly Batch[]): void {
    for (const sum of this.parameters.values()) sum.fill(0);
    for (const id of this.words) this.places[id] = -1;
    this.words = [];
    for (const { ids } of batches) {
      for (const id of ids) if (this.places[id]! < 0) this.places[id] = this.words.push(id) - 1;
    }
    this.rows = new Float32Array(this.words.length * this.#hidden);
  }

  /**
   * Adds the gradients of a batch.
   * @param share of the step's groups that the batch has; the graph's losses are means over its groups
   */
  add({ ids, types }: Batch, outputs: Readonly<Record<string, OnnxValue>>, share: number): void {
    for (const [name, sum] of this.parameters) {
      if (name === names.types) continue;
      const gradient = floats(outputs[gradientOf(name)]!);
      for (let i = 0; i < sum.length; i++) sum[i]! += share * gradient[i]!;
    }
    const { rows } = this;
    const hidden = this.#hidden;
    const { places } = this;
    const typeSums = this.#types;
    const embedded = floats(outputs[gradientOf('embedded')]!);
    for (let i = 0, at = 0; i < ids.length; i++) {
      let row = places[ids[i]!]! * hidden;
      let type = types[i]! * hidden;
      for (const end = at + hidden; at < end; at++, row++, type++) {
        const g = share * embedded[at]!;
        rows[row]! += g;
        typeSums[type]! += g;
      }
    }
  }

  /** Euclidean norm over everything. */
  norm(): number {
    const squares = [...this.parameters.values(), this.rows].map(sumOfSquares);
    return Math.sqrt(squares.reduce((a, b) => a + b, 0));
  }
}

/** Data of a float32 value. */
export function floats(value: OnnxValue): Float32Array {
  return value.data as Float32Array;
}
